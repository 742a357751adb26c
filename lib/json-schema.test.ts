import { afterAll, describe, expect, it } from 'vitest'
import { createSchemas, SchemaError, type Schemas, schemaFault } from './json-schema.ts'

const schemas = createSchemas({ timeoutMs: 1_000 })
afterAll(() => schemas.stop())

const order = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  required: ['id', 'lines'],
  properties: { id: { pattern: '^o-[0-9]+$' }, due: { format: 'date' }, lines: { items: { $ref: '#/$defs/line' } } },
  $defs: { line: { properties: { qty: { type: 'integer', minimum: 1 } } } },
}
const CATASTROPHE = { schema: { type: 'string', pattern: '^(a+)+$' }, value: `${'a'.repeat(40)}!` }

async function refusal(schema: unknown, value: unknown, by: Schemas = schemas) {
  try {
    return { gave: await by.compile(schema).validate(value) }
  } catch (fault) {
    return fault instanceof SchemaError ? { kind: fault.kind, message: fault.message } : { thrown: fault }
  }
}

describe('a schema that cannot be used', () => {
  const depth = (levels: number): object => (levels === 0 ? {} : { properties: { a: depth(levels - 1) } })
  it.each([
    { schema: 5, says: 'a schema is an object, or true or false' },
    { schema: { minimum: 'a' }, says: 'minimum: must be number' },
    {
      schema: { properties: { a: { type: 'strin' } } },
      says: expect.stringMatching(/^properties\.a\.type: must be equal to/),
    },
    { schema: { pattern: '(' }, says: 'Invalid regular expression: /(/u: Unterminated group' },
    {
      schema: { $ref: 'https://example.org/x' },
      says: '$ref https://example.org/x: leads nowhere in the schema, and only what is in it can be referred to',
    },
    {
      schema: { $ref: '#/$defs/a' },
      says: '$ref #/$defs/a: leads nowhere in the schema, and only what is in it can be referred to',
    },
    {
      schema: { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } },
      says: 'the schema is nested too deep, or its references go in a circle',
    },
    {
      schema: { $schema: 'http://json-schema.org/draft-07/schema#' },
      says: '$schema: only https://json-schema.org/draft/2020-12/schema is known',
    },
    { schema: { properties: { a: { $async: true } } }, says: '$async: is no keyword of JSON Schema' },
    { schema: depth(1_000), says: 'the schema is too large' },
    { schema: { enum: Array(30_000).fill(1) }, says: 'the schema is too large' },
  ])('has its fault named: $says', ({ schema, says }) => {
    expect(schemaFault(schema)).toEqual(says)
    expect(() => schemas.compile(schema)).toThrow(expect.objectContaining({ message: says }))
  })

  it.each([{ schema: order }, { schema: true }, { schema: { format: 'our-own', 'x-remark': 1 } }])(
    'is not one as $schema',
    ({ schema }) => expect(schemaFault(schema)).toBeUndefined(),
  )
})

describe('a validation that could last', () => {
  it('is not waited for when it cannot', () => {
    expect(schemas.compile(order).validate({})).toBe(
      "must have required property 'id'; must have required property 'lines'",
    )
  })

  it('is ended at its time, and takes nothing from the others that wait', async () => {
    const validator = schemas.compile({ type: 'string', pattern: '(b|c)+$' })
    const bad = refusal(CATASTROPHE.schema, CATASTROPHE.value)
    const good = ['abc', 'abcd'].map((value) => validator.validate(value))
    expect(await Promise.all(good)).toEqual([undefined, 'must match pattern "(b|c)+$"'])
    expect(await bad).toEqual({ kind: 'Limit', message: 'the validation gave no result within 1000 ms' })
  })

  it('is ended where a value leads a schema deep into itself', async () => {
    const tree = { properties: { child: { anyOf: [{ $ref: '#' }, { $ref: '#' }] } }, required: ['end'] }
    const nested = (levels: number): object => (levels === 0 ? {} : { end: 1, child: nested(levels - 1) })
    expect(await refusal(tree, nested(3))).toEqual({
      gave: expect.stringContaining("must have required property 'end'"),
    })
    expect(await refusal(tree, nested(60))).toEqual({
      kind: 'Limit',
      message: expect.stringMatching(/^the validation gave/),
    })
    const list = { properties: { next: { $ref: '#' } } }
    const chain = JSON.parse(`${'{"next":'.repeat(100_000)}{}${'}'.repeat(100_000)}`)
    expect(await refusal(list, chain)).toEqual({ kind: 'Limit', message: 'the value is nested too deep' })
  })

  it('is busy when too much waits, or the process stops', async () => {
    const small = createSchemas({ maxWaiting: 1 })
    const all = [1, 2].map(() => refusal(CATASTROPHE.schema, 'aa', small))
    expect(await all[1]).toMatchObject({ kind: 'Busy' })
    await small.stop()
    expect(await all[0]).toMatchObject({ kind: 'Busy' })
  })
})
