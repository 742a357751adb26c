import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { idsIn, letterBed, strict } from '#test/kit/letter-bed.ts'

const { run, call, look, die, client } = letterBed()

describe('the audit', () => {
  it('has who moved what, before and after, the newest first', async () => {
    await run(strict('audited'))
    await die('audited', 'a', 'b')
    const who = { 'x-forwarded-user': 'ada' }
    await call('/dead-letters/default/audited/discard', { filter: "{% id = 'a' %}", limit: 5 }, who)
    const { records } = (await call<{ records: readonly Record<string, unknown>[] }>('/audit?limit=2')).body
    const deed = {
      ...{ action: 'Discard', queue: 'soa.dlq.default.audited', route: 'default/audited', who: 'ada' },
      ...{ operation: records[0]?.operation, at: expect.stringMatching(/^\d{4}-.*Z$/) },
      order: { filter: "{% id = 'a' %}", limit: 5, dryRun: false },
    }
    expect(records).toEqual([
      { ...deed, phase: 'Ended', tally: { matched: 1, done: 1, skipped: 1, failed: 0, remaining: 0 } },
      { ...deed, phase: 'Begun' },
    ])
  })

  it('gives no more than is asked for, however long it is', async () => {
    const { amqp } = await client()
    const write = (n: number) =>
      amqp.publish({
        ...{ exchange: '', routingKey: 'soa.audit', messageId: randomUUID() },
        content: Buffer.from(`{"n":${n}}`),
      })
    await Promise.all(Array.from({ length: 300 }, (_none, n) => write(n)))
    const { records } = (await call<{ records: readonly { n: number }[] }>('/audit?limit=250')).body
    expect(records.map(({ n }) => n)).toEqual(Array.from({ length: 250 }, (_none, n) => 299 - n))
  })
})

// The last: the bus declares the stream anew, but not at once.
it('moves nothing that it cannot write down first', async () => {
  await run(strict('unwritten'))
  await die('unwritten', 'a')
  const { probe } = await client()
  await probe.deleteQueue('soa.audit')
  const discard = await call('/dead-letters/default/unwritten/discard', { all: true })
  expect(discard).toMatchObject({ status: 503, body: { title: 'The audit cannot be written now: nothing was moved' } })
  expect(idsIn(await look('unwritten'))).toEqual(['a'])
})
