import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { compileSchema, createSchemas, SchemaError, type Schemas, schemaFault } from './json-schema.ts'

const schemas = createSchemas({ timeoutMs: 1_000 })
afterAll(() => schemas.stop())

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
const CATASTROPHE = { schema: { type: 'string', pattern: '^(a+)+$' }, value: `${'a'.repeat(40)}!` }

async function refusal(schema: unknown, value: unknown, by: Schemas = schemas) {
  try {
    return { gave: await by.compile(schema).validate(value) }
  } catch (fault) {
    return fault instanceof SchemaError ? { kind: fault.kind, message: fault.message } : { thrown: fault }
  }
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
  ])('and $value gives: $says', ({ value, says }) => expect(compileSchema(order)(value)).toBe(says))

  it('with three violations named at most, and the first alone where the value is large', () => {
    const check = compileSchema({ type: 'array', items: { type: 'integer' } })
    expect(check(Array(10).fill('x'))).toBe('0: must be integer; 1: must be integer; 2: must be integer')
    expect(check(Array(100_000).fill('x'))).toBe('0: must be integer')
  })

  it('in a line of bounded length, whatever names are in it', () =>
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (name) => {
        const told = compileSchema({ additionalProperties: false })({ [name.repeat(300)]: 1 }) ?? ''
        expect([told.length <= 501, /[\r\n]/.test(told)]).toEqual([true, false])
      }),
    ))

  it('and what every object inherits is no property of it', () => {
    const check = compileSchema({ required: ['constructor', 'toString'] })
    expect(check({})).toBe("must have required property 'constructor'; must have required property 'toString'")
  })

  it('of its own alone: two schemas may have the same $id', () => {
    const [one, other] = ['string', 'number'].map((type) =>
      compileSchema({ $id: 'https://example.org/s', $ref: '#/$defs/v', $defs: { v: { type } } }),
    )
    expect([one?.('x'), other?.('x')]).toEqual([undefined, 'must be number'])
  })
})

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
    expect(() => schemas.compile(schema)).toThrow()
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
