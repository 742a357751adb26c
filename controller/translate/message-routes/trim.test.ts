import { expect, it } from 'vitest'
import { trimmed, turned } from './trim.ts'

const edgesOf = (text: string) => {
  const edges = new Map<string, Set<string>>()
  for (const [from = '', to = ''] of text.split(' ').map((each) => each.split('>')))
    edges.set(from, (edges.get(from) ?? new Set()).add(to))
  return edges
}
const ALL = new Set('abcde')

it.each([
  { edges: 'a>b b>c c>d d>e', leading: '', on: '' },
  { edges: 'a>b b>a b>c d>a', leading: 'abd', on: 'ab' },
  { edges: 'a>a a>b', leading: 'a', on: 'a' },
  { edges: 'a>b b>a b>c c>d d>c d>e', leading: 'abcd', on: 'abcd' },
])('of $edges what is left leads to a way round ($leading), and from one ($on)', ({ edges, leading, on }) => {
  const left = trimmed(ALL, edgesOf(edges))
  expect([...left].join('')).toBe(leading)
  expect([...trimmed(left, turned(edgesOf(edges)))].join('')).toBe(on)
})
