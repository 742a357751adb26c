import { describe, expect, it } from 'vitest'
import { createMetrics } from '#lib/metrics.ts'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { createBook } from './book.ts'
import { limitMetrics } from './metrics.ts'

function bench() {
  const metrics = createMetrics({ process: false })
  const book = createBook({ maxKeys: 9 })
  const series = async () =>
    (await metrics.text())
      .split('\n')
      .filter((line) => /^soa_gateway_ratelimit_\w+\{/.test(line) && !/_bucket/.test(line))
  return { metrics, book, counts: limitMetrics(metrics, book), series }
}

describe('the limiter’s metrics', () => {
  it('count decisions by policy and outcome, at every scrape', async () => {
    const { counts, series } = bench()
    for (const decision of ['admitted', 'admitted', 'rejected', 'audit', 'error_open', 'error_closed'] as const)
      counts.count('orders', decision)
    counts.unasked('orders')
    counts.overflowed('orders')
    const expected = [
      'soa_gateway_ratelimit_decisions_total{policy="orders",decision="admitted"} 2',
      'soa_gateway_ratelimit_decisions_total{policy="orders",decision="rejected"} 1',
      'soa_gateway_ratelimit_decisions_total{policy="orders",decision="audit"} 1',
      'soa_gateway_ratelimit_decisions_total{policy="orders",decision="error_open"} 1',
      'soa_gateway_ratelimit_decisions_total{policy="orders",decision="error_closed"} 1',
      'soa_gateway_ratelimit_unasked_total{policy="orders"} 1',
      'soa_gateway_ratelimit_overflows_total{policy="orders"} 1',
    ]
    expect(await series()).toEqual(expected)
    expect(await series()).toEqual(expected)
    counts.count('orders', 'admitted')
    expect((await series())[0]).toBe('soa_gateway_ratelimit_decisions_total{policy="orders",decision="admitted"} 3')
  })

  it('forget the series of a limit that is gone', async () => {
    const { counts, series } = bench()
    for (const policy of ['orders', 'stays']) {
      counts.count(policy, 'admitted')
      counts.unasked(policy)
      counts.overflowed(policy)
    }
    expect(await series()).toHaveLength(6)
    counts.keep([rateLimit({ name: 'stays' })])
    expect((await series()).filter((line) => !line.includes('stays'))).toEqual([])
    expect(await series()).toHaveLength(3)
  })

  it('tell the keys that are counted, by policy and never by key', async () => {
    const { book, series } = bench()
    const limits = [rateLimit({ key: { by: 'clientIp' } }), rateLimit({ id: 'other', key: { by: 'clientIp' } })]
    book.configure(limits)
    for (const limit of limits)
      for (const key of ['203.0.113.1', '203.0.113.2']) book.of(limit).record(key, undefined, 1)
    expect(await series()).toEqual(['soa_gateway_ratelimit_keys{policy="orders"} 4'])
    book.configure([])
    book.sweep(20_000)
    expect(await series()).toEqual([])
  })

  it('tell how long owners take to answer', async () => {
    const { metrics, counts } = bench()
    counts.peerCall(0.8)
    const text = await metrics.text()
    expect(text).toContain('soa_gateway_ratelimit_peer_seconds_bucket{le="0.0005"} 0')
    expect(text).toContain('soa_gateway_ratelimit_peer_seconds_bucket{le="0.001"} 1')
  })
})
