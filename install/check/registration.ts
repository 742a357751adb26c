import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ask, expectAnswer } from './ask.ts'
import type { Check } from './check.ts'
import type { CheckConfig } from './config.ts'
import { patiently } from './patience.ts'

const GREETING = 'Hello from the check!'

/** Registers a service of its own, finds it, calls it where it was found, and withdraws it. */
export const registration: Check = {
  name: 'registration and discovery',
  async run(config) {
    const server = createServer((_request, response) => response.end(GREETING))
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, resolve))
    try {
      return await registered(config, urlOf(server, config.host))
    } finally {
      server.close()
      server.closeAllConnections()
    }
  },
}

async function registered({ registryUrl, name, tokenFile, patienceMs }: CheckConfig, url: string): Promise<string> {
  const headers = await authorization(tokenFile)
  const register = () => ask(`${registryUrl}/register`, { method: 'POST', headers, json: { name, url } })
  const discover = () => ask(`${registryUrl}/discover/${name}`)
  await patiently(patienceMs, async () => {
    const message = JSON.stringify({ message: `Service ${name} registered successfully` })
    expectAnswer('POST /register', await register(), 201, message)
  })
  // The registry that answered shows it already; another one may need a moment to hear of it.
  await patiently(patienceMs, async () =>
    expectAnswer('GET /discover', await discover(), 200, JSON.stringify({ service_url: url })),
  )
  expectAnswer('the discovered service', await ask(url), 200, GREETING)
  const withdrawn = await ask(`${registryUrl}/register/${name}`, { method: 'DELETE', headers })
  const farewell = JSON.stringify({ message: `Service ${name} deregistered successfully` })
  expectAnswer('DELETE /register', withdrawn, 200, farewell)
  return `registered ${name} at ${url}, discovered it, called it, withdrew it`
}

async function authorization(tokenFile: string | undefined): Promise<object> {
  if (tokenFile === undefined) return {}
  return { authorization: `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}` }
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
