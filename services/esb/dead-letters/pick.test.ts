import { describe, expect, it } from 'vitest'
import { letter } from '#test/gen/letter.ts'
import { tools } from '#test/gen/mediation.ts'
import { type Choice, pickOf } from './pick.ts'

const dead = letter('{"total":3}', { 'soa-error-reason': 'ServiceFailed', tenant: 't' })

async function judged(choice: Choice) {
  const picked = pickOf(choice, tools.expressions)
  return picked.ok ? picked.pick(dead) : picked
}

describe('a letter', () => {
  it.each<{ choice: Choice; isMeant: boolean }>([
    { choice: {}, isMeant: true },
    { choice: { ids: ['x', 'm'] }, isMeant: true },
    { choice: { ids: ['x'] }, isMeant: false },
    { choice: { filter: "{% reason = 'ServiceFailed' and body.total > 2 %}" }, isMeant: true },
    { choice: { filter: "{% reason = 'ServiceFailed' and body.total > 3 %}" }, isMeant: false },
    { choice: { filter: "{% headers.tenant = 't' %}", ids: ['m'] }, isMeant: true },
    { choice: { filter: '{% nothing %}' }, isMeant: false },
    { choice: { filter: '{% true %}', ids: ['x'] }, isMeant: false },
  ])('is meant by $choice: $isMeant', async ({ choice, isMeant }) => {
    expect(await judged(choice)).toEqual({ isMeant })
  })

  it('is not meant by a filter that fails on it, and the fault is told', async () => {
    const { isMeant, fault } = (await judged({ filter: '{% reason > body.total %}' })) as never
    expect([isMeant, fault]).toEqual([false, expect.stringContaining('T2009')])
  })
})

it.each([
  { filter: 'reason', detail: /between \{% and %\}/ },
  { filter: '{% reason = %}', detail: /^filter: S0207/ },
])('refuses the filter $filter', async ({ filter, detail }) => {
  const refused = await judged({ filter })
  expect(refused).toMatchObject({
    ok: false,
    status: 400,
    reason: 'FilterInvalid',
    detail: expect.stringMatching(detail),
  })
})
