import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAcks } from './acks.ts'

function bed() {
  const sent: (readonly [tag: number, allUpTo: boolean])[] = []
  const turns: (() => void)[] = []
  const acks = createAcks({ ack: ({ fields }, allUpTo = false) => sent.push([fields.deliveryTag, allUpTo]) }, (work) =>
    turns.push(work),
  )
  return { acks, sent, turn: () => turns.splice(0).forEach((work) => void work()) }
}

describe('acknowledgements', () => {
  it('of one turn go in one frame, where nothing is missing between', () => {
    const { acks, sent, turn } = bed()
    for (const tag of [2, 1, 3]) acks.add(tag)
    expect(sent).toEqual([])
    turn()
    acks.add(4)
    turn()
    expect(sent).toEqual([
      [3, true],
      [4, true],
    ])
  })

  it('behind a gap go alone, and what closes the gap names none of them again', () => {
    const { acks, sent, turn } = bed()
    for (const tag of [1, 3, 5]) acks.add(tag)
    turn()
    acks.add(2)
    turn()
    expect(sent).toEqual([
      [1, true],
      [3, false],
      [5, false],
      [2, true],
    ])
  })

  it('can be had at once', () => {
    const { acks, sent } = bed()
    acks.add(1)
    acks.flush()
    expect(sent).toEqual([[1, true]])
  })

  it('are for what was added, each once, and for nothing else, in whatever order', () => {
    const order = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }).chain((isAcked) => {
      const tags = isAcked.flatMap((each, i) => (each ? [i + 1] : []))
      return fc.record({
        tags: fc.shuffledSubarray(tags, { minLength: tags.length }),
        turns: fc.array(fc.boolean(), { minLength: tags.length, maxLength: tags.length }),
      })
    })
    fc.assert(
      fc.property(order, ({ tags, turns }) => {
        const { acks, sent, turn } = bed()
        tags.forEach((tag, i) => {
          acks.add(tag)
          if (turns[i]) turn()
        })
        turn()
        // As a broker keeps it: what a frame names must be unsettled, or it closes the channel.
        const settled = new Set<number>()
        for (const [tag, allUpTo] of sent) {
          const named = allUpTo ? Array.from({ length: tag }, (_none, i) => i + 1) : [tag]
          expect(settled).not.toContain(tag)
          for (const each of named) settled.add(each)
        }
        expect([...settled].sort((a, b) => a - b)).toEqual([...tags].sort((a, b) => a - b))
      }),
    )
  })
})
