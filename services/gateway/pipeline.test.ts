import { describe, expect, it } from 'vitest'
import type { Refusal } from './answers/refusal.ts'
import type { Admission, Limiter } from './limits/contract.ts'
import { inOrder, judge, type Passage, PLACES, type Place, type Stage } from './pipeline.ts'
import { rateLimits } from './stages/rate-limits.ts'

const no: Refusal = { status: 403, reason: 'No', detail: 'no' }
const passage = () => ({ responseFields: [] }) as unknown as Passage & { responseFields: string[] }

function stages(
  seen: Place[],
  verdicts: Partial<Record<Place, Refusal | Promise<Refusal | undefined>>>,
): readonly Stage[] {
  const made = PLACES.map(
    (place): Stage => ({
      place,
      judge() {
        seen.push(place)
        return verdicts[place]
      },
    }),
  )
  return inOrder(made.reverse())
}

describe('the pipeline', () => {
  it('asks in the order of its places, whatever the order of policies', () => {
    const seen: Place[] = []
    expect(judge(stages(seen, {}), passage())).toBeUndefined()
    expect(seen).toEqual(PLACES)
  })

  it('asks nobody after the first refusal', () => {
    const seen: Place[] = []
    expect(judge(stages(seen, { authentication: no }), passage())).toBe(no)
    expect(seen).toEqual(['preflight', 'ipAccess', 'bodySize', 'clientLimits', 'authentication'])
  })

  it('waits for who cannot answer at once, and goes on after', async () => {
    const seen: Place[] = []
    const verdict = judge(stages(seen, { clientLimits: Promise.resolve(undefined), limits: no }), passage())
    expect(seen.at(-1)).toBe('clientLimits')
    expect(await verdict).toBe(no)
    expect(seen.at(-1)).toBe('limits')
  })
})

describe('the stage of rate limits', () => {
  const admission: Admission = { admitted: true, headers: ['RateLimit', '"l";r=1;t=1'], violated: [], audited: [] }
  const stage = (gives: Admission | Promise<Admission>) => {
    const limiter: Limiter = { admit: () => gives, configure: () => {} }
    return rateLimits([], limiter)
  }

  it.each([
    { when: 'admitted', gives: admission, status: undefined },
    { when: 'refused', gives: { ...admission, admitted: false, violated: ['l'] }, status: 429 },
    {
      when: 'refused since its owner is out of reach',
      gives: { ...admission, admitted: false, violated: ['l'], unasked: ['l'] },
      status: 503,
    },
    {
      when: 'refused by another limit as well',
      gives: { ...admission, admitted: false, violated: ['l', 'm'], unasked: ['l'] },
      status: 429,
    },
  ])('leaves its fields for the response when $when, at once or late', async ({ gives, status }) => {
    for (const answer of [gives, Promise.resolve(gives)]) {
      const on = passage()
      expect((await stage(answer).judge(on))?.status).toBe(status)
      expect(on.responseFields).toEqual(['RateLimit', '"l";r=1;t=1'])
    }
  })

  it('refuses with the words that clients know', async () => {
    const refusal = await stage({ ...admission, admitted: false, violated: ['l'] }).judge(passage())
    expect(refusal?.text).toBe('Rate limit exceeded. Please try again later.')
  })
})
