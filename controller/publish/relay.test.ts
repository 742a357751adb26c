import { afterEach, expect, it } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { controlApp, endOf, httpPart, jsonBody } from '#lib/http.ts'
import { createMetrics } from '#lib/metrics.ts'
import { createLife, type Life } from '#lib/run.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import type { Hub } from './hub.ts'
import { createRelay, type Relay } from './relay.ts'
import type { Replica, Replicas } from './replicas.ts'

const lives: Life[] = []
afterEach(async () => {
  for (const life of lives.splice(0).reverse()) await life.stop(3_000)
})

interface Bed {
  readonly relay: Relay
  readonly url: () => string
  readonly hold: (...replicas: readonly Replica[]) => void
  readonly changes: () => number
  readonly life: Life
}

/** A controller as far as the relay sees it: what its hub holds, and its control API. */
async function bed(controller: string, leaderUrl: () => string | undefined): Promise<Bed> {
  let held: Replicas = new Map()
  let told = 0
  const listeners: (() => void)[] = []
  const hub = { replicas: () => held, onReplicas: (listener: () => void) => void listeners.push(listener) }
  const relay = createRelay({
    controller,
    hub: () => hub as unknown as Hub,
    leaderUrl,
    token: undefined,
    onChange: () => void told++,
    clock: systemClock,
    log: quietLog(),
  })
  const app = controlApp({ metrics: createMetrics({ process: false }), unready: () => [] })
  app.post('/relay', ...jsonBody(), (request, response) => {
    response.json({ replicas: relay.take(request.body.controller, request.body.replicas) })
  })
  const api = httpPart('api', endOf(app, quietLog()), { host: '127.0.0.1', port: 0 })
  const life = createLife([api, relay])
  await life.start()
  lives.push(life)
  return {
    relay,
    url: api.url,
    changes: () => told,
    life,
    hold(...replicas) {
      held = new Map(replicas.map((each) => [each.id, each]))
      for (const listener of listeners) listener()
    },
  }
}

const replica = (id: string, acked?: string): Replica => ({
  id,
  slice: 'gateway',
  url: `http://${id}`,
  ready: true,
  acked,
})
const seenBy = (each: Bed) => [...each.relay.elsewhere()].map(({ id, acked }) => `${id}@${acked}`).sort()

it('lets the leader know the replicas of all, and each follower those of the others', async () => {
  const leader = await bed('a', () => undefined)
  const one = await bed('b', leader.url)
  const two = await bed('c', leader.url)
  leader.hold(replica('g1', '1'))
  one.hold(replica('g2', '1'))
  two.hold(replica('g3', '1'))
  await eventually(() => expect(seenBy(leader)).toEqual(['g2@1', 'g3@1']))
  await eventually(() => expect(seenBy(one)).toEqual(['g1@1', 'g3@1']))
  await eventually(() => expect(seenBy(two)).toEqual(['g1@1', 'g2@1']))
})

it('tells the leader of each acknowledgement at once, also of one that comes during a post', async () => {
  const leader = await bed('a', () => undefined)
  const follower = await bed('b', leader.url)
  for (let i = 1; i <= 50; i++) {
    follower.hold(replica('g', String(i)))
    if (i % 5 === 0) await eventually(() => expect(seenBy(leader)).toEqual([`g@${i}`]), { timeoutMs: 900 })
  }
})

it('forgets the replicas of a follower that fell silent, and tells of it', async () => {
  const leader = await bed('a', () => undefined)
  const follower = await bed('b', leader.url)
  follower.hold(replica('g', '1'))
  await eventually(() => expect(seenBy(leader)).toEqual(['g@1']))
  const before = leader.changes()
  await follower.life.stop(3_000)
  await eventually(() => expect(seenBy(leader)).toEqual([]), { timeoutMs: 10_000 })
  expect(leader.changes()).toBeGreaterThan(before)
}, 15_000)
