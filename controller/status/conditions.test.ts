import { describe, expect, it } from 'vitest'
import type { Finding } from '../translate/outcome.ts'
import { nextConditions, type Reach, transitions } from './conditions.ts'

const accepted: Finding = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Service is valid' }
const refused: Finding = { type: 'Accepted', status: 'False', reason: 'NameConflict', message: 'held by another' }
const done: Reach = { acked: 2, total: 2, without: [], settling: false, shrinking: false }
const dating = { generation: 1, now: '2026-01-01T00:00:00Z' }
const said = (conditions: readonly { type: string; status: string; reason: string }[]) =>
  conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`)

describe('conditions', () => {
  it.each([
    {
      when: 'every replica serves it',
      finding: accepted,
      items: true,
      reach: done,
      gives: ['Accepted=True/Accepted', 'Programmed=True/Programmed', 'Ready=True/Ready'],
    },
    {
      when: 'it is refused',
      finding: refused,
      items: false,
      reach: done,
      gives: ['Accepted=False/NameConflict', 'Programmed=False/NotServed', 'Ready=False/NameConflict'],
    },
    {
      when: 'replicas are on their way',
      finding: accepted,
      items: true,
      reach: { ...done, acked: 1, settling: true },
      gives: ['Accepted=True/Accepted', 'Programmed=Unknown/Pending', 'Ready=Unknown/Pending'],
    },
    {
      when: 'replicas are late',
      finding: accepted,
      items: true,
      reach: { ...done, acked: 1 },
      gives: ['Accepted=True/Accepted', 'Programmed=False/PartiallyProgrammed', 'Ready=False/PartiallyProgrammed'],
    },
    {
      when: 'no gateway is there',
      finding: accepted,
      items: true,
      reach: { ...done, acked: 0, total: 0, without: ['gateway' as const] },
      gives: ['Accepted=True/Accepted', 'Programmed=False/NoReplicas', 'Ready=False/NoReplicas'],
    },
    {
      when: 'a replica refused it',
      finding: accepted,
      items: true,
      reach: { ...done, acked: 1, refusal: 'bad' },
      gives: ['Accepted=True/Accepted', 'Programmed=False/Refused', 'Ready=False/Refused'],
    },
  ])('say $gives when $when', ({ finding, items, reach, gives }) => {
    expect(said(nextConditions([finding], items, reach, [], dating))).toEqual(gives)
  })

  it('hold still: the same world a day later changes nothing', () => {
    const first = nextConditions([accepted], true, done, [], dating)
    expect(nextConditions([accepted], true, done, first, { ...dating, now: '2026-01-02T00:00:00Z' })).toEqual(first)
  })

  it('move the transition time with the status alone', () => {
    const first = nextConditions([accepted], true, done, [], dating)
    const later = nextConditions([accepted], true, { ...done, acked: 1 }, first, {
      generation: 2,
      now: '2026-01-02T00:00:00Z',
    })
    expect(
      later.map(({ type, lastTransitionTime, observedGeneration }) => ({
        type,
        lastTransitionTime,
        observedGeneration,
      })),
    ).toEqual([
      { type: 'Accepted', lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 2 },
      { type: 'Programmed', lastTransitionTime: '2026-01-02T00:00:00Z', observedGeneration: 2 },
      { type: 'Ready', lastTransitionTime: '2026-01-02T00:00:00Z', observedGeneration: 2 },
    ])
  })

  it('keep what was said, and of which generation, while replicas find their way', () => {
    const first = nextConditions([accepted], true, done, [], dating)
    const settling = { ...done, acked: 0, total: 1, settling: true }
    const later = nextConditions([accepted], true, settling, first, { generation: 2, now: '2026-01-02T00:00:00Z' })
    expect(later.map(({ type, status, observedGeneration }) => [type, status, observedGeneration])).toEqual([
      ['Accepted', 'True', 2],
      ['Programmed', 'True', 1],
      ['Ready', 'True', 1],
    ])
  })

  it('turn into events once a transition: Ready on good news, causes on bad', () => {
    const good = nextConditions([accepted], true, done, [], dating)
    const bad = nextConditions([refused], false, done, good, dating)
    expect(said(transitions([], good))).toEqual(['Ready=True/Ready'])
    expect(said(transitions(good, bad))).toEqual(['Accepted=False/NameConflict', 'Programmed=False/NotServed'])
    expect(said(transitions(bad, bad))).toEqual([])
    expect(said(transitions(bad, good))).toEqual(['Ready=True/Ready'])
  })

  it('tell once that a replica refused it, in whatever words, and once that none does any more', () => {
    const good = nextConditions([accepted], true, done, [], dating)
    const [once, again] = ['no right to read', 'no route to host'].map((refusal) =>
      nextConditions([accepted], true, { ...done, acked: 1, refusal }, good, dating),
    ) as [typeof good, typeof good]
    expect(said(transitions(good, once))).toEqual(['Programmed=False/Refused'])
    expect(said(transitions(once, again))).toEqual([])
    expect(said(transitions(again, good))).toEqual(['Ready=True/Ready'])
  })
})
