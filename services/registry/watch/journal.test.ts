import { describe, expect, it } from 'vitest'
import { createJournal, type Journal } from './journal.ts'

const since = (journal: Journal, n: number) => {
  const touched = journal.since(n)
  return touched && [[...touched.keys].sort(), [...touched.names].sort()]
}

describe('the journal', () => {
  it('tells what was touched since, each once', () => {
    const journal = createJournal(100)
    journal.record(1, ['d/a'], ['A'])
    journal.record(2, ['d/b'], ['B', 'C'])
    journal.record(3, ['d/b'], ['B'])
    expect([0, 1, 2, 3].map((n) => since(journal, n))).toEqual([
      [
        ['d/a', 'd/b'],
        ['A', 'B', 'C'],
      ],
      [['d/b'], ['B', 'C']],
      [['d/b'], ['B']],
      [[], []],
    ])
  })

  it('says when it does not reach back so far', () => {
    const journal = createJournal(10)
    for (let n = 1; n <= 11; n++) journal.record(n, [`d/${n}`], [`${n}`])
    expect([since(journal, 0), since(journal, 5)]).toEqual([undefined, undefined])
    expect(since(journal, 6)?.[0]).toHaveLength(5)
    expect(since(journal, 10)).toEqual([['d/11'], ['11']])
  })

  it('forgets a change that is larger than all it may hold', () => {
    const journal = createJournal(4)
    journal.record(1, ['a', 'b', 'c', 'd', 'e'], [])
    expect([since(journal, 0), since(journal, 1)]).toEqual([undefined, [[], []]])
  })

  it('never misses a change, whatever was forgotten', () => {
    const journal = createJournal(50)
    const recorded: string[][] = [[]]
    for (let n = 1; n <= 500; n++) {
      const keys = Array.from({ length: (n * 7) % 5 }, (_, i) => `d/${(n * 13 + i) % 40}`)
      recorded.push(keys)
      journal.record(n, keys, [])
      for (const from of [n - 1, n - 3, n - 20, 0].filter((each) => each >= 0)) {
        const told = journal.since(from)
        if (told !== undefined) expect(told.keys).toEqual(new Set(recorded.slice(from + 1).flat()))
      }
      expect(journal.since(n - 1)).toBeDefined()
    }
  })
})
