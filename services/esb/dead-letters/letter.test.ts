import { expect, it } from 'vitest'
import { letter } from '#test/gen/letter.ts'
import { letterOf, received } from './letter.ts'

it('shows of a dead letter what it was, why it is dead, and what was tried', () => {
  const history = [{ at: '2026-01-01T00:00:00.000Z', reason: 'ServiceFailed', message: '500' }]
  const headers = {
    ...{ 'soa-exchange': 'esb_exchange', 'soa-key': 'orders', 'soa-attempt': 8, 'soa-replays': 1 },
    ...{ 'soa-error-reason': 'ServiceFailed', 'soa-error-message': '500 of A', 'soa-error-step': 'ask' },
    ...{ 'soa-failed-at': '2026-01-02T00:00:00.000Z', 'soa-failures': JSON.stringify(history) },
    ...{ 'x-death': [{}], 'x-delivery-count': 2, tenant: 't' },
  }
  expect(letterOf(letter('{"total":3}', headers, { contentType: 'application/json', type: 't' }), 100)).toEqual({
    ...{ id: 'm', exchange: 'esb_exchange', key: 'orders', contentType: 'application/json', type: 't' },
    ...{ headers: { tenant: 't' }, bytes: 11, body: { total: 3 } },
    ...{ reason: 'ServiceFailed', message: '500 of A', step: 'ask', failedAt: '2026-01-02T00:00:00.000Z' },
    ...{ attempts: 8, replays: 1, history },
  })
})

it('says of a message that no error put there that nothing takes it', () => {
  expect(letterOf(letter('hello'), 3)).toMatchObject({ reason: 'Unroutable', body: 'hel', truncated: true, bytes: 5 })
})

it('gives a message without an id one that is the same at each look', () => {
  const [one, same, other] = ['a', 'a', 'b'].map(
    (body) => received(letter(body, {}, { messageId: undefined })).message.id,
  )
  expect(one).toMatch(/^sha256-[0-9a-f]{32}$/)
  expect([one === same, one === other]).toEqual([true, false])
})
