import { expect, it } from 'vitest'
import { reportLines } from './report.ts'

it('tells in a few lines what was sent, what broke and where everything is', () => {
  const verdict = {
    ...{ sent: 1_000, confirmed: 1_000, delivered: 950, dead: 30, unroutable: 17, queued: 2, duplicates: 12 },
    ...{ settledTwice: 1, lost: ['queue-7'], strangers: [] },
  }
  const faults = ['memory alarm', 'kill -9 of the broker', 'memory alarm']
  const queued = new Map([['soa.delay.1', 2]])
  expect(reportLines({ verdict, queued, faults, retries: 40, seed: 5, loadMs: 10_000, drainMs: 1_500 })).toEqual([
    'ledger, seed 5: 1000 of 1000 messages confirmed in 10.0 s (100/s), at rest 1.5 s later',
    '  delivered 950 · dead 30 · unroutable 17 · still queued 2',
    '  duplicates 12 (1.20 %) · in two kinds of place 1 · sent again by senders 40',
    '  2 left in soa.delay.1',
    '  2 × memory alarm',
    '  1 × kill -9 of the broker',
    '  lost 1: queue-7',
    '  strangers 0',
  ])
})
