import { expect, it } from 'vitest'
import { whyLong } from './effort.ts'

const ref = (name: string) => ({ $ref: `#/$defs/${name}` })
/** Each refers to the next twice. */
const doubling = Object.fromEntries(
  Array.from({ length: 30 }, (_, i) => [`d${i}`, { allOf: [ref(`d${i + 1}`), ref(`d${i + 1}`)] }]),
)

it.each([
  { schema: true, why: undefined },
  { schema: { pattern: '^o-[0-9]+$', $id: 'https://example.org/s' }, why: undefined },
  { schema: { properties: { pattern: { type: 'string' } } }, why: undefined },
  { schema: { uniqueItems: true, maxItems: 100 }, why: undefined },
  { schema: { properties: { a: ref('line'), b: ref('line') }, $defs: { line: {} } }, why: undefined },
  { schema: { items: { pattern: '(a+)+$' } }, why: 'a pattern that may backtrack' },
  { schema: { patternProperties: { '(a+)+$': {} } }, why: 'a pattern that may backtrack' },
  { schema: { uniqueItems: true }, why: 'uniqueItems without a maxItems' },
  { schema: { properties: { child: { $ref: '#' } } }, why: 'a reference to itself' },
  { schema: { ...ref('a'), $defs: { a: { not: ref('b') }, b: { not: ref('a') } } }, why: 'a reference to itself' },
  { schema: { ...ref('d0'), $defs: { ...doubling, d30: {} } }, why: 'its references multiply' },
  { schema: { $ref: '#line', $defs: { line: { $anchor: 'line' } } }, why: 'references by name' },
  { schema: { $ref: '#/$defs/a~1b', $defs: { 'a/b': { $ref: '#' } } }, why: 'a reference to itself' },
  { schema: { $ref: '#/$defs/a%20b', $defs: { 'a b': { $ref: '#' } } }, why: 'a reference to itself' },
])('finds in $schema: $why', ({ schema, why }) => expect(whyLong(schema)).toBe(why))
