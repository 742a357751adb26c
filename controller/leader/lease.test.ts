import { afterEach, expect, it } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { createKube } from '#lib/kube.ts'
import { createLog } from '#lib/log.ts'
import { createMetrics } from '#lib/metrics.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Answer, answers, type FakeKube, fails, fakeKube, hangs } from '#test/kit/fake-kube.ts'
import type { Lease } from './decide.ts'
import { createElector, type Elector } from './lease.ts'

const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** An API that keeps one lease, until `broken` answers in its place. */
async function bed(): Promise<{
  fake: FakeKube
  elector: Elector
  breakWith: (answer: Answer | undefined) => void
  stored: () => Lease | undefined
}> {
  let broken: Answer | undefined
  let stored: Lease | undefined
  let version = 0
  const store: Answer = (call) => {
    if (broken) return broken(call)
    if (call.request.method === 'GET') return (stored ? answers(200, stored) : fails(404, 'NotFound'))(call)
    let body = ''
    call.request.on('data', (chunk) => {
      body += chunk
    })
    call.request.on('end', () => {
      const next = JSON.parse(body) as Lease
      if (next.metadata.resourceVersion !== stored?.metadata.resourceVersion) return fails(409, 'Conflict')(call)
      stored = { ...next, metadata: { ...next.metadata, resourceVersion: String(++version) } }
      answers(200, stored)(call)
    })
  }
  const fake = await fakeKube({ other: store })
  const metrics = createMetrics({ process: false })
  const kube = await createKube({ kubeconfig: fake.kubeconfig, metrics })
  const elector = createElector({
    kube,
    namespace: 'n',
    name: 'l',
    identity: 'me',
    controlUrl: () => 'http://me',
    timings: { durationMs: 600, deadlineMs: 400, retryMs: 50 },
    metrics,
    clock: systemClock,
    random: Math.random,
    log: createLog('test', 'silent'),
  })
  stops.push(fake.stop, kube.close, elector.stop)
  await elector.start()
  await eventually(() => elector.leads())
  return {
    fake,
    elector,
    stored: () => stored,
    breakWith(answer) {
      broken = answer
    },
  }
}

it.each<{ fault: string; answer: Answer }>([
  { fault: 'refuses', answer: fails(500) },
  { fault: 'does not answer', answer: hangs },
])('stops leading before the lease runs out when the API server $fault, and leads again after', async ({ answer }) => {
  const { elector, breakWith } = await bed()
  breakWith(answer)
  const brokenMs = performance.now()
  await eventually(() => !elector.leads())
  expect(performance.now() - brokenMs).toBeLessThan(600)
  breakWith(undefined)
  await eventually(() => elector.leads())
})

it('keeps leading over one renewal that hangs', async () => {
  const { elector, fake, breakWith } = await bed()
  const changes: boolean[] = []
  elector.onLead((leads) => changes.push(leads))
  const before = fake.calls.other.length
  breakWith((call) => {
    breakWith(undefined)
    hangs(call)
  })
  await eventually(() => fake.calls.other.length > before + 3)
  expect(changes).toEqual([])
})

it('renews with one request a turn', async () => {
  const { fake } = await bed()
  const before = fake.calls.other.length
  await eventually(() => fake.calls.other.length >= before + 4)
  expect(fake.calls.other.slice(before).map(({ request }) => request.method)).toEqual(
    fake.calls.other.slice(before).map(() => 'PUT'),
  )
})

it('stops at once although a request hangs', async () => {
  const { elector, breakWith, fake } = await bed()
  const before = fake.calls.other.length
  breakWith(hangs)
  await eventually(() => fake.calls.other.length > before)
  breakWith(undefined)
  await elector.stop()
  stops.pop()
  expect(elector.leads()).toBe(false)
})

it('survives a listener that throws', async () => {
  const { elector, breakWith } = await bed()
  elector.onLead(() => void JSON.parse('{'))
  breakWith(fails(500))
  await eventually(() => !elector.leads())
  breakWith(undefined)
  await eventually(() => elector.leads())
})

it('publishes its address in the lease and takes it back', async () => {
  const { elector, stored } = await bed()
  expect(stored()?.metadata.annotations).toEqual({ 'soaplane.dev/control-url': 'http://me' })
  await elector.stop()
  stops.pop()
  expect([stored()?.metadata.annotations, stored()?.spec?.holderIdentity]).toEqual([{}, ''])
})
