import { describe, expect, it } from 'vitest'
import { filledIn, rowsOf, tableOf } from './readme.ts'

describe('the values of a values.yaml', () => {
  it('are told by the comments above them; blocks by theirs', () => {
    const values = `# About the file.

# First.
a: 1
# A block.
b:
  # Second, on
  # two lines.
  c: text
  # A value that is a map.
  d: { e: [f] }
g:
  # In a block that says nothing of itself.
  h: true
`
    expect(rowsOf(values)).toEqual([
      { name: 'a', fallback: 1, about: 'First.' },
      { name: 'b', about: 'A block.' },
      { name: 'b.c', fallback: 'text', about: 'Second, on two lines.' },
      { name: 'b.d', fallback: { e: ['f'] }, about: 'A value that is a map.' },
      { name: 'g.h', fallback: true, about: 'In a block that says nothing of itself.' },
    ])
  })

  it('become a table that no value can break', () => {
    const rows = [
      { name: 'a', fallback: 'x|y', about: 'This | or that.' },
      { name: 'b', about: 'A block.' },
    ]
    expect(tableOf(rows)).toBe(
      [
        '| value | default | what it does |',
        '|---|---|---|',
        '| `a` | `"x\\|y"` | This \\| or that. |',
        '| `b` |  | A block. |',
      ].join('\n'),
    )
  })
})

describe('a text between markers', () => {
  it('is replaced, and nothing else is', () => {
    const text = 'before\n<!-- values -->\nold\n<!-- /values -->\nafter\n'
    expect(filledIn(text, 'values', 'new')).toBe('before\n<!-- values -->\nnew\n<!-- /values -->\nafter\n')
  })

  it('without markers it is a fault', () => {
    expect(() => filledIn('text', 'values', 'new')).toThrow('There is no <!-- values --> … <!-- /values -->')
  })
})
