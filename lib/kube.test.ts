import { afterEach, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type Answer, answers, type FakeKube, fails, fakeKube, hangs, resets, THINGS } from '#test/kit/fake-kube.ts'
import { createKube, type Kube, type KubeError } from './kube.ts'
import { createMetrics, type Metrics } from './metrics.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function bed(other: Answer, watch: Answer = other): Promise<{ fake: FakeKube; kube: Kube; metrics: Metrics }> {
  const fake = await fakeKube({ list: other, watch, other })
  const metrics = createMetrics({ process: false })
  const kube = await createKube({ kubeconfig: fake.kubeconfig, metrics, deadlineMs: 300 })
  stops.push(fake.stop, kube.close)
  return { fake, kube, metrics }
}

const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    ({ code, status, reason, retryAfterMs }: KubeError) => ({ code, status, reason, retryAfterMs }),
  )

const code = 'SOA_KUBE_REQUEST'
const inTwoSeconds = () => new Date(Date.now() + 2_500).toUTCString()

it.each<{ of: string; answer: Answer; is: object }>([
  { of: 'a Status', answer: fails(409, 'Conflict'), is: { status: 409, reason: 'Conflict' } },
  {
    of: 'prose',
    answer: ({ response }) => response.writeHead(502).end('<html>'),
    is: { status: 502, reason: 'Http502' },
  },
  { of: 'a redirect', answer: ({ response }) => response.writeHead(302).end(), is: { status: 302, reason: 'Http302' } },
  {
    of: 'a Retry-After in seconds',
    answer: fails(429, 'TooManyRequests', { 'retry-after': '7' }),
    is: { status: 429, reason: 'TooManyRequests', retryAfterMs: 7_000 },
  },
  {
    of: 'a Retry-After that is nonsense',
    answer: fails(429, 'TooManyRequests', { 'retry-after': 'soon' }),
    is: { status: 429, reason: 'TooManyRequests' },
  },
  {
    of: 'details with seconds to wait',
    answer: answers(504, { code: 504, reason: 'Timeout', details: { retryAfterSeconds: 1 } }),
    is: { status: 504, reason: 'Timeout', retryAfterMs: 1_000 },
  },
  {
    of: 'a 200 that is not JSON',
    answer: ({ response }) => response.writeHead(200).end('hi'),
    is: { status: 502, reason: 'Malformed' },
  },
  { of: 'a reset', answer: resets, is: { status: 503, reason: 'Unreachable' } },
  { of: 'silence', answer: hangs, is: { status: 504, reason: 'Timeout' } },
])('turns $of into one kind of fault', async ({ answer, is }) => {
  const { kube } = await bed(answer)
  expect(await faultOf(kube.create('/api/v1/x', {}))).toEqual({ code, retryAfterMs: undefined, ...is })
  const watching = kube.watch(THINGS, {}, { signal: AbortSignal.timeout(5_000), onOpen() {}, onEvent() {} })
  expect(await faultOf(watching)).toEqual({ code, retryAfterMs: undefined, ...is })
})

it('understands a Retry-After date', async () => {
  const { kube } = await bed((call) => fails(503, 'ServiceUnavailable', { 'retry-after': inTwoSeconds() })(call))
  const fault = await faultOf(kube.list(THINGS, {}))
  expect(fault?.retryAfterMs).toBeGreaterThan(500)
  expect(fault?.retryAfterMs).toBeLessThanOrEqual(2_500)
})

it('sends what it is given, with the token, and counts by code', async () => {
  const { kube, fake, metrics } = await bed(answers(200, {}))
  await kube.list(THINGS, { limit: 5, continue: undefined, labelSelector: 'a=b' })
  await kube.remove('/api/v1/x/y', { uid: 'u' })
  const [{ request, query }] = fake.calls.list as [FakeKube['calls']['list'][number]]
  expect(request.headers.authorization).toBe('Bearer fake-token')
  expect([...query]).toEqual([
    ['limit', '5'],
    ['labelSelector', 'a=b'],
  ])
  expect(await metrics.text()).toMatch(
    /rest_client_requests_total\{code="200",method="DELETE",host="127.0.0.1:\d+"\} 1/,
  )
})

it('reads events whose lines and characters are split over chunks', async () => {
  const line = Buffer.from(
    `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'Zoë☕', resourceVersion: '1' } } })}\n`,
  )
  const { kube } = await bed(hangs, ({ response }) => {
    response.writeHead(200)
    let at = 0
    const next = () => {
      if (at === line.length) return response.end()
      response.write(line.subarray(at, ++at), () => setImmediate(next))
    }
    next()
  })
  const names: string[] = []
  await kube.watch(
    THINGS,
    {},
    {
      signal: AbortSignal.timeout(5_000),
      onOpen() {},
      onEvent: ({ object }) => names.push(object.metadata.name),
    },
  )
  expect(names).toEqual(['Zoë☕'])
})

it('lets go of the connection when a watch is aborted, and when its reader throws', async () => {
  const line = '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}}\n'
  const { kube, fake } = await bed(hangs, ({ response }) => void response.writeHead(200).write(line))
  const stop = new AbortController()
  const aborted = kube.watch(THINGS, {}, { signal: stop.signal, onOpen: () => stop.abort(), onEvent() {} })
  await expect(aborted).rejects.toMatchObject({ code })
  const thrown = kube.watch(
    THINGS,
    {},
    {
      signal: AbortSignal.timeout(5_000),
      onOpen() {},
      onEvent: () => void JSON.parse('{'),
    },
  )
  await expect(thrown).rejects.toMatchObject({ code })
  await eventually(() => fake.watching() === 0)
})

it.each([
  { given: 'no such file', kubeconfig: '/nonexistent/kubeconfig' },
  { given: 'a file that is no kubeconfig', kubeconfig: import.meta.filename },
])('says so at once when it is given $given', async ({ kubeconfig }) => {
  await expect(createKube({ kubeconfig, metrics: createMetrics({ process: false }) })).rejects.toMatchObject({
    code: 'SOA_CONFIG_INVALID',
  })
})
