import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import type { Peer } from '#lib/model/slice.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { createSpread, type Renewal, type Spread } from './spread.ts'

interface Call {
  readonly authorization: string | undefined
  readonly from: string
  readonly renewals: readonly Renewal[]
}

let server: Server
let calls: Call[]
let status: number
let peers: Peer[]
let spread: Spread
let metrics: Metrics
let ahead: number

beforeEach(async () => {
  calls = []
  ahead = 0
  status = 204
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (status === 204) calls.push({ authorization: request.headers.authorization, ...JSON.parse(body) })
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  peers = [
    { id: 'self', url: 'http://127.0.0.1:1' },
    { id: 'other', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base` },
  ]
  metrics = createMetrics({ process: false })
  spread = createSpread({
    ...{ self: 'self', peers: () => peers, token: 't', log: quietLog(), metrics },
    // Real time, which the test may push forward.
    clock: { now: Date.now, monotonic: () => systemClock.monotonic() + ahead },
  })
  await spread.start()
})
afterEach(async () => {
  await spread.stop()
  server.close()
  server.closeAllConnections()
})

const told = () => calls.flatMap(({ renewals }) => renewals.map(({ key, instance }) => `${key} ${instance}`))

describe('renewals', () => {
  it('are told to every other replica, with their age, once', async () => {
    spread.tell('d/a', 'one')
    spread.tell('d/a', 'one')
    spread.tell('d/a', 'two')
    await eventually(() => expect(told()).toEqual(['d/a one', 'd/a two']))
    const [first] = calls
    expect([first?.from, first?.authorization]).toEqual(['self', 'Bearer t'])
    expect(first?.renewals[0]?.ageMs).toBeGreaterThanOrEqual(0)
    await eventually(() => expect(calls.length).toBeGreaterThan(1))
    expect(told()).toHaveLength(2)
  })

  it('are told later when a peer could not be reached', async () => {
    status = 503
    spread.tell('d/a', 'one')
    await eventually(() => expect(spread.isDeaf()).toBe(true))
    status = 204
    await eventually(() => expect(told()).toEqual(['d/a one']))
    spread.heard('other')
    await eventually(() => expect(spread.isDeaf()).toBe(false))
  })
})

describe('deafness', () => {
  it('is having fallen out of touch with a peer, until it calls again', async () => {
    await eventually(() => expect(calls.length).toBeGreaterThan(0))
    expect(spread.isDeaf()).toBe(false)
    ahead += 3_500
    expect(spread.isDeaf()).toBe(true)
    expect(await metrics.text()).toContain('soa_registry_peers_unheard 1')
    spread.heard('other')
    expect(spread.isDeaf()).toBe(false)
  })

  it('ends when the peer is known to be gone', async () => {
    status = 500
    await eventually(() => expect(spread.isDeaf()).toBe(true))
    peers = peers.slice(0, 1)
    expect(spread.isDeaf()).toBe(false)
  })

  it('is none for one alone', () => {
    peers = peers.slice(0, 1)
    ahead += 60_000
    expect(spread.isDeaf()).toBe(false)
  })
})
