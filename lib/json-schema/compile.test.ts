import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Check, compile, faultOf } from './compile.ts'

const order = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['id', 'lines'],
  properties: {
    id: { type: 'string', pattern: '^o-[0-9]+$' },
    state: { enum: ['new', 'paid'] },
    due: { type: 'string', format: 'date' },
    lines: { type: 'array', minItems: 1, items: { $ref: '#/$defs/line' } },
  },
  additionalProperties: false,
  $defs: { line: { type: 'object', properties: { qty: { type: 'integer', minimum: 1 }, 'a/b': { const: 1 } } } },
}

function compiled(schema: unknown): Check {
  const given = compile(schema)
  if ('fault' in given) throw new Error(given.fault)
  return given.check
}

describe('a value is held against a schema', () => {
  it.each([
    { value: { id: 'o-1', lines: [{ qty: 1 }], state: 'new', due: '2028-02-29' }, says: undefined },
    { value: {}, says: "must have required property 'id'; must have required property 'lines'" },
    {
      value: { id: 'o-1', lines: [{ qty: 0 }, { qty: 'x' }] },
      says: 'lines.0.qty: must be >= 1; lines.1.qty: must be integer',
    },
    { value: { id: 'o-1', lines: [{ 'a/b': 2 }] }, says: 'lines.0.a/b: must be equal to constant (1)' },
    {
      value: { id: 'o-1', lines: [{}], state: 'x' },
      says: 'state: must be equal to one of the allowed values ("new","paid")',
    },
    { value: { id: 'o-1', lines: [{}], more: 1 }, says: 'must NOT have additional properties (more)' },
    { value: { id: 'o-1', lines: [{}], due: '2027-02-29' }, says: 'due: must match format "date"' },
    { value: 5, says: 'must be object' },
  ])('and $value gives: $says', ({ value, says }) => expect(compiled(order)(value)).toBe(says))

  it('with three violations named at most, and the first alone where the value is large', () => {
    const check = compiled({ type: 'array', items: { type: 'integer' } })
    expect(check(Array(10).fill('x'))).toBe('0: must be integer; 1: must be integer; 2: must be integer')
    expect(check(Array(100_000).fill('x'))).toBe('0: must be integer')
  })

  it('in a line of bounded length, whatever names are in it', () =>
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (name) => {
        const told = compiled({ additionalProperties: false })({ [name.repeat(300)]: 1 }) ?? ''
        expect([told.length <= 501, /[\r\n]/.test(told)]).toEqual([true, false])
      }),
    ))

  it('and what every object inherits is no property of it', () => {
    const check = compiled({ required: ['constructor', 'toString'] })
    expect(check({})).toBe("must have required property 'constructor'; must have required property 'toString'")
  })

  it('of its own alone: many schemas may have the same $id, at the top and within', () => {
    const $id = 'https://example.org/s'
    const schemaOf = (i: number) => ({
      ...{ $id, properties: { a: { $ref: `${$id}#/$defs/v` }, b: { $ref: 'part' }, c: { $ref: '#named' } } },
      $defs: { v: { const: i }, part: { $id: 'part', const: i }, named: { $anchor: 'named', const: i } },
    })
    const all = Array.from({ length: 50 }, (_, i) => compiled(schemaOf(i)))
    const taken = (i: number) => all.flatMap((check, j) => (check({ a: i, b: i, c: i }) === undefined ? [j] : []))
    expect(all.map((_, i) => taken(i))).toEqual(all.map((_, i) => [i]))
  })

  it('and leads nowhere into another, compiled before it or refused', () => {
    const $ref = 'https://example.org/other'
    compiled({ $id: $ref, type: 'string' })
    expect([compile({ $id: $ref, pattern: '(' }), compile({ $ref })]).toEqual([
      { fault: expect.stringMatching(/^Invalid regular expression/) },
      { fault: expect.stringMatching(/^\$ref https:\/\/example\.org\/other: leads nowhere in the schema/) },
    ])
  })
})

describe('a deep schema', () => {
  const KINDS: Readonly<Record<string, (inner: object) => object>> = {
    properties: (inner) => ({ properties: { a: inner } }),
    items: (inner) => ({ items: inner, contains: { type: 'string' } }),
    not: (inner) => ({ not: inner }),
    anyOf: (inner) => ({ anyOf: [inner, { minimum: 1 }] }),
  }
  it.each(Object.keys(KINDS))('by %s is judged by the code that is written as by the code that runs', (kind) => {
    for (const levels of [10, 100, 240, 260, 510]) {
      let schema: object = {}
      for (let level = 0; level < levels; level += 1) schema = KINDS[kind]?.(schema) ?? schema
      const given = compile(schema)
      expect(faultOf(schema), `${levels} levels`).toBe('fault' in given ? given.fault : undefined)
    }
  })
})
