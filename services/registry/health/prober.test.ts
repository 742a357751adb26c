import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMetrics } from '#lib/metrics.ts'
import type { HealthCheck, RegistryEntry } from '#lib/model/registry.ts'
import { eventually } from '#test/kit/eventually.ts'
import type { Difference } from '../directory/view.ts'
import { createProber, type Prober } from './prober.ts'

const check: HealthCheck = {
  ...{ type: 'http', path: '/', intervalMs: 20, timeoutMs: 5_000, unhealthyAfter: 2, healthyAfter: 1 },
}
let prober: Prober
let server: Server
let url: string
let answer: RequestListener
let changes: string[]

function entryOf(endpoints: RegistryEntry['endpoints'], more: Partial<RegistryEntry> = {}): RegistryEntry {
  return {
    ...{ uid: 'u', namespace: 'd', object: 'a', name: 'a', metadata: {}, origin: 'declared' },
    ...{ endpoints, endpointsRev: 'r', health: check, createdAt: '' },
    ...more,
  }
}

const put = (...entries: readonly [string, RegistryEntry][]): Difference => {
  return { entries: new Map(entries), put: entries, drop: [] }
}
const one = (more: Partial<RegistryEntry> = {}) => put(['d/a', entryOf([{ instance: 'i', url }], more)])
const health = () => prober.stateOf('d/a', 'i').health

beforeEach(async () => {
  answer = (_request, response) => void response.end()
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  changes = []
  prober = createProber({
    maxProbes: 3,
    onChange: (key) => changes.push(key),
    metrics: createMetrics({ process: false }),
    random: Math.random,
  })
})
afterEach(() => {
  prober.stop()
  server.close()
  server.closeAllConnections()
})

describe('the prober', () => {
  it('tells of each change of health, and why an endpoint is sick', async () => {
    prober.sync(one())
    await eventually(() => expect(health()).toBe('healthy'))
    answer = (_request, response) => void response.writeHead(503).end()
    await eventually(() => expect(health()).toBe('unhealthy'))
    expect(prober.reasonOf('d/a', 'i')).toBe('answered 503')
    answer = (_request, response) => void response.end()
    await eventually(() => expect(health()).toBe('healthy'))
    expect(prober.reasonOf('d/a', 'i')).toBeUndefined()
    expect(changes).toEqual(['d/a', 'd/a', 'd/a'])
  })

  it('has as many probes in flight as it may, never more', async () => {
    const inHand: ServerResponse[] = []
    let most = 0
    let served = 0
    function letGo(): void {
      served += inHand.length
      for (const each of inHand.splice(0)) each.end()
    }
    // Lets go once three are in hand, and a fourth would have had the time to come: fewer would wait for ever.
    answer = (_request, response) => {
      most = Math.max(most, inHand.push(response))
      if (inHand.length === 3) setImmediate(() => setImmediate(letGo))
    }
    const endpoints = Array.from({ length: 30 }, (_, i) => ({ instance: `i${i}`, url: `${url}/${i}` }))
    prober.sync(put(['d/a', entryOf(endpoints)]))
    await eventually(() => expect(served).toBeGreaterThan(60))
    expect(most).toBe(3)
  })

  it('asks soon again while it knows nothing, however long the interval', async () => {
    prober.sync(one({ health: { ...check, intervalMs: 3_600_000, healthyAfter: 2 } }))
    await eventually(() => expect(health()).toBe('healthy'))
  })

  it('keeps what it knows of an endpoint whose URL stays, and forgets it with another', async () => {
    prober.sync(one())
    await eventually(() => expect(health()).toBe('healthy'))
    prober.sync(one({ health: { ...check, intervalMs: 30 }, owner: 'x' }))
    expect(health()).toBe('healthy')
    prober.sync(put(['d/a', entryOf([{ instance: 'i', url: `${url}/other` }])]))
    expect(health()).toBe('unknown')
  })

  it('ends with the endpoint, with the check, with the service, and while Kubernetes says not ready', async () => {
    let asked = 0
    answer = (_request, response) => {
      asked += 1
      response.end()
    }
    const { health: _check, ...unchecked } = entryOf([{ instance: 'i', url }])
    const endings: readonly Difference[] = [
      { entries: new Map(), put: [], drop: ['d/a'] },
      put(['d/a', unchecked]),
      put(['d/a', entryOf([])]),
      put(['d/a', entryOf([{ instance: 'i', url, ready: false }])]),
    ]
    for (const ending of endings) {
      prober.sync(one())
      const before = asked
      await eventually(() => expect(asked).toBeGreaterThan(before + 1))
      prober.sync(ending)
      expect(prober.stateOf('d/a', 'i').health).toBe('unknown')
    }
    // Another service's probes go on, so time has passed for the one that ended.
    const last = asked
    prober.sync(put(['d/b', entryOf([{ instance: 'j', url: `${url}/b` }])]))
    await eventually(() => expect(asked).toBeGreaterThan(last + 3))
    expect(changes.filter((key) => key === 'd/a')).toHaveLength(endings.length)
  })
})
