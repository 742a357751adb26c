import { describe, expect, it } from 'vitest'
import { createStanding } from './standing.ts'

type Step = { readonly enter: string } | { readonly told: string }

describe('another replica', () => {
  it.each<{ when: string; steps: readonly Step[]; ahead: boolean }>([
    { when: 'nothing is known of it', steps: [{ enter: 'V1' }], ahead: false },
    { when: 'it is in the same view', steps: [{ enter: 'V1' }, { told: 'V1' }], ahead: false },
    { when: 'its view is new here', steps: [{ enter: 'V1' }, { told: 'V2' }], ahead: true },
    { when: 'it has moved on to a new view', steps: [{ enter: 'V1' }, { told: 'V1' }, { told: 'V2' }], ahead: true },
    { when: 'this one has caught up', steps: [{ enter: 'V1' }, { told: 'V2' }, { enter: 'V2' }], ahead: false },
    { when: 'this one has moved on', steps: [{ enter: 'V1' }, { told: 'V1' }, { enter: 'V2' }], ahead: false },
    {
      when: 'it is back in a view that both had left',
      steps: [{ enter: 'V1' }, { told: 'V1' }, { enter: 'V2' }, { told: 'V2' }, { told: 'V1' }],
      ahead: true,
    },
    {
      when: 'it has yet to leave the view that this one is back from',
      steps: [{ enter: 'V1' }, { told: 'V1' }, { enter: 'V2' }, { enter: 'V3' }],
      ahead: false,
    },
    {
      when: 'it was ahead already and is level now, and goes back',
      steps: [{ enter: 'V1' }, { told: 'V2' }, { enter: 'V2' }, { told: 'V1' }],
      ahead: true,
    },
  ])('is ahead: $ahead when $when', ({ steps, ahead }) => {
    const standing = createStanding()
    for (const step of steps) {
      if ('enter' in step) standing.entered(step.enter)
      else standing.told('b', step.told)
    }
    expect(standing.isAhead('b')).toBe(ahead)
  })

  it('that is gone is not ahead any more', () => {
    const standing = createStanding()
    standing.entered('V1')
    standing.told('b', 'V2')
    standing.forget('b')
    expect(standing.isAhead('b')).toBe(false)
  })
})
