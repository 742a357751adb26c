import { describe, expect, it } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { letter } from '#test/gen/letter.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import type { Got, LetterChannel } from './put-back.ts'
import { sweep, type Task } from './sweep.ts'

/** A queue in memory: for a broker that fails at a chosen moment. The real one is in test/integration/esb-dead-letters.test.ts. */
function queueOf(...bodies: readonly string[]): LetterChannel & { readonly acked: string[]; readonly back: string[] } {
  const waiting = [...bodies]
  const [acked, back]: [string[], string[]] = [[], []]
  const names: string[] = []
  const nameOf = ({ fields }: Got) => names[fields.deliveryTag - 1] as string
  return {
    acked,
    back,
    checkQueue: async () => ({ messageCount: bodies.length }),
    async get() {
      const body = waiting.shift()
      if (body === undefined) return false
      if (body === 'broken') throw new Error('channel closed')
      const fields = { ...letter('').fields, deliveryTag: names.push(body) }
      return { ...letter(body), fields }
    },
    ack: (each) => void acked.push(nameOf(each)),
    nack: (each) => void back.push(nameOf(each)),
  }
}

function task(changes: Partial<Task> = {}): Task {
  return {
    pick: async ({ content }) => ({ isMeant: content.toString() !== 'other' }),
    act: async () => ({ done: true }),
    order: { limit: 10, dryRun: false },
    ...{ clock: systemClock, maxMs: 60_000, signal: new AbortController().signal },
    ...changes,
  }
}

describe('a sweep', () => {
  it('does what is meant, and puts the rest back in its order', async () => {
    const queue = queueOf('a', 'other', 'b', 'other')
    expect(await sweep(queue, 'q', task())).toEqual({ matched: 2, done: 2, skipped: 2, failed: 0, remaining: 0 })
    expect([queue.acked, queue.back]).toEqual([
      ['a', 'b'],
      ['other', 'other'],
    ])
  })

  it('ends at its limit', async () => {
    const queue = queueOf('a', 'other', 'b', 'c')
    const order = { limit: 2, dryRun: false }
    expect(await sweep(queue, 'q', task({ order }))).toEqual({
      matched: 2,
      done: 2,
      skipped: 1,
      failed: 0,
      remaining: 1,
    })
  })

  it('takes nothing when it is not in earnest', async () => {
    const queue = queueOf('a', 'other')
    const order = { limit: 10, dryRun: true }
    expect(await sweep(queue, 'q', task({ order }))).toEqual({
      matched: 1,
      done: 0,
      skipped: 1,
      failed: 0,
      remaining: 0,
    })
    expect([queue.acked, queue.back]).toEqual([[], ['a', 'other']])
  })

  it('ends with the reason when a copy is refused, and that letter stays', async () => {
    const queue = queueOf('a', 'b')
    const act = async () => ({ done: false, why: 'Refused: full' }) as const
    const tally = await sweep(queue, 'q', task({ act }))
    expect(tally).toMatchObject({ done: 0, stopped: 'Refused: full' })
    expect(tally.matched).toBe(tally.failed)
    expect([queue.acked, queue.back.includes('a')]).toEqual([[], true])
  })

  it('tells how far it came when the broker is lost', async () => {
    const queue = queueOf('a', 'broken', 'b')
    const tally = { matched: 1, done: 1, skipped: 0, failed: 0, remaining: 2, stopped: 'channel closed' }
    expect(await sweep(queue, 'q', task())).toEqual(tally)
  })

  it('ends when its time is over', async () => {
    const clock = manualClock()
    const act = async () => {
      clock.advance(40_000)
      return { done: true } as const
    }
    const tally = { matched: 2, done: 2, skipped: 0, failed: 0, remaining: 1, stopped: '60 s are over' }
    expect(await sweep(queueOf('a', 'b', 'c'), 'q', task({ clock, act }))).toEqual(tally)
  })

  it('ends rather than wait past its time for its rate', async () => {
    const order = { limit: 10, dryRun: false, rate: { limit: 1, periodMs: 60_000 } }
    const tally = { matched: 1, done: 1, skipped: 0, failed: 0, remaining: 2, stopped: '60 s are over' }
    expect(await sweep(queueOf('a', 'b', 'c'), 'q', task({ order, clock: manualClock() }))).toEqual(tally)
  })

  it('ends when the replica stops', async () => {
    const stopping = new AbortController()
    const act = async () => {
      stopping.abort()
      return { done: true } as const
    }
    const tally = { matched: 1, done: 1, skipped: 0, failed: 0, remaining: 1, stopped: 'this replica stops' }
    expect(await sweep(queueOf('a', 'b'), 'q', task({ act, signal: stopping.signal }))).toEqual(tally)
  })

  it('tells the first fault of the filter', async () => {
    const pick: Task['pick'] = async ({ content }) => ({ isMeant: false, fault: `cannot compare ${content}` })
    const tally = { matched: 0, done: 0, skipped: 2, failed: 0, remaining: 0, filterFault: 'cannot compare a' }
    expect(await sweep(queueOf('a', 'b'), 'q', task({ pick }))).toEqual(tally)
  })
})
