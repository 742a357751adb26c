import fc from 'fast-check'
import jsonata from 'jsonata'
import { describe, expect, it } from 'vitest'
import { fieldsOf, follow, LIST } from './field.ts'
import { parse } from './syntax.ts'

describe('a path from field to field', () => {
  it.each([
    { source: 'order', fields: ['order'] },
    { source: ' order . customer.name ', fields: ['order', 'customer', 'name'] },
    { source: 'order.`two words`."three"', fields: ['order', 'two words', 'three'] },
  ])('$source is one', ({ source, fields }) => {
    expect(fieldsOf(parse(source))).toEqual(fields)
  })

  it.each([
    ...['$', '$.a', '$$.a', 'a[0]', 'a[]', 'a.b[]', 'a[x=1]', 'a.b^(c)', 'a@$x.b', 'a#$i', 'a{b: c}', '(a).b', 'a.*'],
    ...['**', 'a.(b)', 'a.$f()', '"a"', '1', 'null', 'a & b', '[a]', '-a', 'a.b.%', 'a ? b : c'],
  ])('%s asks for more', (source) => {
    expect(fieldsOf(parse(source))).toBeUndefined()
  })

  it('leads where JSONata finds it, unless there is a list on the way', async () => {
    // Few, so that many lead somewhere; some that every object has, and some that JSONata writes on its lists.
    const names = ['a', 'length', 'constructor', '__proto__', 'sequence']
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom('', 'text', 0, 1.5, true, false, null),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.uniqueArray(fc.tuple(fc.constantFrom(...names), tie('json')), { selector: ([name]) => name }).map(asJson),
      ),
    }))
    const path = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 })
    let straight = 0
    await fc.assert(
      fc.asyncProperty(json, path, async (document, fields) => {
        const found = follow(document, fields)
        if (found === LIST) return
        straight += found === undefined ? 0 : 1
        const source = fields.map((field) => `\`${field}\``).join('.')
        expect(fieldsOf(parse(source))).toEqual(fields)
        expect(found).toEqual(await jsonata(source).evaluate(document))
      }),
      { numRuns: 500 },
    )
    expect(straight).toBeGreaterThan(30)
  })

  it('that ends at a number which is none in JSON gives null, as any result', () => {
    expect(follow(JSON.parse('{"a": 1e999}'), ['a'])).toBeNull()
  })
})

// By JSON: only there `__proto__` is a field like any other.
function asJson(fields: readonly (readonly [string, unknown])[]): unknown {
  return JSON.parse(`{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`)
}
