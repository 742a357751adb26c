import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge, type Ledger } from './verdict.ts'

function ledger(given: Partial<Record<keyof Ledger, readonly string[]>>): Ledger {
  const {
    sent = given.confirmed ?? [],
    confirmed = [],
    delivered = [],
    dead = [],
    unroutable = [],
    queued = [],
  } = given
  return { sent: new Set(sent), confirmed: new Set(confirmed), delivered, dead, unroutable, queued }
}

describe('the verdict of a ledger', () => {
  it('finds every confirmed message in one of four places', () => {
    const given = { delivered: ['a', 'a', 'b'], dead: ['c', 'b'], unroutable: ['d'], queued: ['e'] }
    expect(
      judge(ledger({ ...given, sent: ['a', 'b', 'c', 'd', 'e', 'f'], confirmed: ['a', 'b', 'c', 'd', 'e'] })),
    ).toEqual({
      ...{ sent: 6, confirmed: 5, delivered: 2, dead: 2, unroutable: 1, queued: 1 },
      ...{ duplicates: 1, settledTwice: 1, lost: [], strangers: [] },
    })
  })

  it('names what is lost', () => {
    expect(judge(ledger({ confirmed: ['a', 'c', 'b'], delivered: ['a', 'a'] })).lost).toEqual(['b', 'c'])
  })

  it('does not miss what the sender was never told is safe', () => {
    expect(judge(ledger({ sent: ['a', 'b'], confirmed: ['a'], delivered: ['a'] })).lost).toEqual([])
  })

  it('takes what arrived without a confirm for a message like any other, and names what nobody has sent', () => {
    const { strangers, delivered } = judge(ledger({ sent: ['a', 'b'], delivered: ['a', 'b', 'x'] }))
    expect([strangers, delivered]).toEqual([['x'], 3])
  })

  it('fails for any one message that is taken out of every place', () => {
    const place = fc.constantFrom('delivered', 'dead', 'unroutable', 'queued')
    const messages = fc.uniqueArray(fc.tuple(fc.string(), place), { selector: ([id]) => id, minLength: 1 })
    fc.assert(
      fc.property(messages, fc.nat(), (all, pick) => {
        const confirmed = all.map(([id]) => id)
        const [missing] = all[pick % all.length] as [string, string]
        const foundIn = (name: string) => all.filter(([id, at]) => at === name && id !== missing).map(([id]) => id)
        const [delivered, dead, unroutable, queued] = ['delivered', 'dead', 'unroutable', 'queued'].map(foundIn)
        const verdict = judge(ledger({ confirmed, delivered, dead, unroutable, queued } as never))
        expect(verdict.lost).toEqual([missing])
      }),
    )
  })
})
