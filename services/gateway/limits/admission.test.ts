import { describe, expect, it } from 'vitest'
import type { RateLimit } from '#lib/model/gateway.ts'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { admissionOf } from './admission.ts'
import { createCounters } from './counters.ts'
import type { Answer } from './fallback.ts'

const says = (ok: boolean, remaining: number, waitMs: number, unasked?: Answer['unasked']): Answer => ({
  ...{ ok, remaining, waitMs, stamp: undefined },
  ...(unasked && { unasked }),
})
const audit = { mode: 'Audit' } as const

interface Case {
  readonly when: string
  readonly limits: readonly Partial<RateLimit>[]
  readonly answers: readonly (Answer | undefined)[]
  readonly admission: object
  readonly counted: readonly string[]
}

const cases: readonly Case[] = [
  {
    when: 'all have a unit',
    limits: [{ name: 'one' }, { name: 'two', limit: 9 }],
    answers: [says(true, 4, 9_000), says(true, 8, 100)],
    admission: {
      admitted: true,
      headers: ['RateLimit-Policy', '"one";q=5;w=10, "two";q=9;w=10', 'RateLimit', '"one";r=4;t=9, "two";r=8;t=1'],
      violated: [],
      audited: [],
    },
    counted: ['one admitted', 'two admitted'],
  },
  {
    when: 'two refuse: the longer wait counts',
    limits: [{ name: 'one' }, { name: 'two' }, { name: 'three' }],
    answers: [says(false, 0, 900), says(true, 2, 8_000), says(false, 0, 4_200)],
    admission: {
      admitted: false,
      headers: [
        ...['RateLimit-Policy', '"one";q=5;w=10, "two";q=5;w=10, "three";q=5;w=10'],
        ...['RateLimit', '"one";r=0;t=1, "two";r=2;t=8, "three";r=0;t=5', 'Retry-After', '5'],
      ],
      violated: ['one', 'three'],
      audited: [],
    },
    counted: ['one rejected', 'three rejected'],
  },
  {
    when: 'one was not asked since an earlier one refused',
    limits: [{ name: 'one' }, { name: 'two' }],
    answers: [says(false, 0, 900), undefined],
    admission: {
      admitted: false,
      headers: ['RateLimit-Policy', '"one";q=5;w=10, "two";q=5;w=10', 'RateLimit', '"one";r=0;t=1', 'Retry-After', '1'],
      violated: ['one'],
      audited: [],
    },
    counted: ['one rejected'],
  },
  {
    when: 'one in Audit mode would refuse',
    limits: [{ name: 'dry', ...audit }, { name: 'one' }],
    answers: [says(false, 0, 900), says(true, 4, 10_000)],
    admission: {
      admitted: true,
      headers: ['RateLimit-Policy', '"one";q=5;w=10', 'RateLimit', '"one";r=4;t=10'],
      violated: [],
      audited: ['dry'],
    },
    counted: ['dry audit', 'one admitted'],
  },
  {
    when: 'there are none but in Audit mode',
    limits: [{ name: 'dry', ...audit }],
    answers: [says(true, 4, 10_000)],
    admission: { admitted: true, headers: [], violated: [], audited: [] },
    counted: ['dry admitted'],
  },
  {
    when: 'an owner cannot be asked, open',
    limits: [{ name: 'one' }],
    answers: [says(true, 0, 0, 'open')],
    admission: { admitted: true, headers: ['RateLimit-Policy', '"one";q=5;w=10'], violated: [], audited: [] },
    counted: ['one unasked', 'one error_open'],
  },
  {
    when: 'an owner cannot be asked, closed',
    limits: [{ name: 'one' }, { name: 'two' }],
    answers: [says(false, 0, 1_000, 'closed'), says(false, 0, 3_000)],
    admission: {
      admitted: false,
      headers: ['RateLimit-Policy', '"one";q=5;w=10, "two";q=5;w=10', 'RateLimit', '"two";r=0;t=3', 'Retry-After', '3'],
      violated: ['one', 'two'],
      audited: [],
      unasked: ['one'],
    },
    counted: ['one unasked', 'one error_closed', 'two rejected'],
  },
  {
    when: 'an owner cannot be asked, closed, in Audit mode',
    limits: [{ name: 'dry', ...audit }],
    answers: [says(false, 0, 1_000, 'closed')],
    admission: { admitted: true, headers: [], violated: [], audited: ['dry'] },
    counted: ['dry unasked', 'dry error_closed'],
  },
  {
    when: 'an owner cannot be asked, local',
    limits: [{ name: 'one' }],
    answers: [says(false, 0, 2_000, 'local')],
    admission: {
      admitted: false,
      headers: ['RateLimit-Policy', '"one";q=5;w=10', 'RateLimit', '"one";r=0;t=2', 'Retry-After', '2'],
      violated: ['one'],
      audited: [],
    },
    counted: ['one unasked', 'one rejected'],
  },
]

describe('the answer to a request', () => {
  it.each(cases)('when $when', ({ limits, answers, admission, counted }) => {
    const counts: string[] = []
    const asks = limits.map((parts) => ({ counters: createCounters(rateLimit(parts), 9), key: '' }))
    const given = admissionOf(asks, answers, {
      count: (policy, decision) => counts.push(`${policy} ${decision}`),
      unasked: (policy) => counts.push(`${policy} unasked`),
    })
    expect({ given, counts }).toEqual({ given: admission, counts: counted })
  })
})
