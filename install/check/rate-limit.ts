import { randomUUID } from 'node:crypto'
import { type Answer, ask, expectAnswer } from './ask.ts'
import type { Check } from './check.ts'
import type { CheckConfig } from './config.ts'
import { patiently } from './patience.ts'

/** Spends a rate limit through the gateway: as many requests as it allows are served, the next one is refused. */
export const rateLimit: Check = {
  name: 'rate limit',
  async run(config) {
    // A key of this run's own: what an earlier one has spent does not count.
    const key = randomUUID()
    await patiently(config.patienceMs, () => served(config, `${key}-first`))
    for (let i = 1; i <= config.limit; i++) await counted(config, key)
    const refused = await limited(config, key)
    const nth = `request ${config.limit + 1}`
    expectAnswer(nth, refused, 429, 'Rate limit exceeded. Please try again later.')
    return `${config.limit} requests served, the next refused with 429`
  },
}

async function served(config: CheckConfig, key: string): Promise<void> {
  const { status, headers, body } = await limited(config, key)
  if (status !== 200) throw new Error(`${routeOf(config)}: expected 200, got ${status} ${body.trim()}`)
  if (headers.ratelimit === undefined) throw new Error(`${routeOf(config)} is served without its rate limit`)
}

/** One request that the limit counts. A replica that has not heard of the route answers 404, which counts nothing. */
async function counted(config: CheckConfig, key: string): Promise<void> {
  const { status } = await patiently(config.patienceMs, async () => {
    const answer = await limited(config, key)
    if (answer.status === 404) throw new Error(`${routeOf(config)}: a gateway does not know it`)
    return answer
  })
  if (status !== 200) throw new Error(`${routeOf(config)}: expected 200 within the limit, got ${status}`)
}

function limited({ gatewayUrl, limitedHost, limitedPath }: CheckConfig, key: string): Promise<Answer> {
  const headers = { 'x-soaplane-check': key, ...(limitedHost !== undefined && { host: limitedHost }) }
  return ask(`${gatewayUrl}${limitedPath}`, { headers })
}

function routeOf({ limitedHost = '', limitedPath }: CheckConfig): string {
  return `${limitedHost}${limitedPath}`
}
