import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { checkTemplate, createExpressions, ExpressionError, type Expressions } from './expression.ts'

// Time enough on any machine, for all that is not to run out of it.
const expressions = createExpressions({ timeoutMs: 20_000 })
afterAll(() => expressions.stop())

const evaluated = (text: string, input: unknown = {}, bindings = {}) =>
  expressions.compile(text).evaluate(input, bindings)

/** What an evaluation was refused with. */
async function refusal(text: string, input: unknown = {}, by: Expressions = expressions) {
  try {
    return { gave: await by.compile(text).evaluate(input, {}) }
  } catch (fault) {
    return fault instanceof ExpressionError ? { kind: fault.kind, message: fault.message } : { thrown: fault }
  }
}

const order = {
  id: 'o-1',
  items: [
    { sku: 'a', price: 2, qty: 3 },
    { sku: 'b', price: 5, qty: 1 },
  ],
}

describe('a template', () => {
  it.each([
    { what: 'one expression gives its value', text: '{% items.(price * qty) %}', gives: [6, 5] },
    { what: 'space around one expression counts for nothing', text: '\n {% items[0].qty %} ', gives: 3 },
    { what: 'what is not there is undefined', text: '{% nothing.at.all %}', gives: undefined },
    { what: 'null is null', text: '{% null %}', gives: null },
    { what: 'text is itself', text: 'orders.new', gives: 'orders.new' },
    { what: 'no text is no text', text: '', gives: '' },
    { what: 'a string is put into text as it is', text: 'orders.{% id %}.new', gives: 'orders.o-1.new' },
    { what: 'numbers and booleans are put in as JSON', text: '{% 1.5 %}/{% true %}', gives: '1.5/true' },
    { what: 'what is not there, and null, leave nothing', text: '[{% nothing %}{% null %}]', gives: '[]' },
    { what: 'objects and lists are put in as JSON', text: 'x{% {"a": [1]} %}', gives: 'x{"a":[1]}' },
    { what: 'bindings have names with a dollar', text: '{% $headers.tenant & $attempt %}', gives: 'acme1' },
    { what: 'the message is $', text: '{% $.id %}', gives: 'o-1' },
    { what: 'a list of one that is asked for as a list stays one', text: '{% items[sku="a"].sku[] %}', gives: ['a'] },
    { what: '%} within quotes closes nothing', text: '{% "50%}" %}', gives: '50%}' },
    { what: '%} within a comment closes nothing', text: '{% 1 /* %} */ + 1 %}', gives: 2 },
    {
      what: 'a transformation leaves the message as it was',
      text: '{% ($ ~> |items|{"qty": 0}|).items.qty %}',
      gives: [0, 0],
    },
  ])('$what', async ({ text, gives }) => {
    expect(await evaluated(text, order, { headers: { tenant: 'acme' }, attempt: 1 })).toStrictEqual(gives)
  })

  it('says whether it is the same for every message', () => {
    const isConstant = (text: string) => expressions.compile(text).isConstant
    expect(['a', '', 'a {% 1 %}', '{% 1 %}'].map(isConstant)).toEqual([true, true, false, false])
  })

  it('encodes what its expressions give, and always gives text, when it is told how', async () => {
    const path = (text: string, input: unknown) =>
      expressions.compile(text, { encode: encodeURIComponent }).evaluate(input, {})
    expect(await path('/orders/{% id %}?n={% n %}', { id: 'a/b ü', n: 1 })).toBe('/orders/a%2Fb%20%C3%BC?n=1')
    expect(await path('{% n %}', { n: 1 })).toBe('1')
    await expect(path('/{% id %}', { id: '\ud800' })).rejects.toMatchObject({ kind: 'Failed' })
  })

  it('puts any text in unchanged', async () => {
    const template = expressions.compile('<{% a %}|{% b %}>')
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (a, b) => {
        expect(await template.evaluate({ a, b }, {})).toBe(`<${a}|${b}>`)
      }),
    )
  })

  it('gives any JSON value back as it came', async () => {
    const template = expressions.compile('{% $ %}')
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (value) => {
        const json = JSON.parse(JSON.stringify(value))
        // JSONata sees no list in an empty one.
        fc.pre(!Array.isArray(json) || json.length > 0)
        expect(await template.evaluate(json, {})).toStrictEqual(json)
      }),
    )
  })
})

describe('a broken template', () => {
  it.each([
    { text: 'plain {% a.b %}', says: undefined },
    { text: 'a {% b', says: 'the {% at 3 has no %}' },
    { text: 'ab {%  %}', says: 'the expression at 4 is empty' },
    { text: '{% a + %}', says: 'S0207 at 7: Unexpected end of expression' },
    { text: 'x{% a b %}', says: 'S0201 at 7: Syntax error: "b"' },
    { text: '{% "a %} and 50%} off', says: 'S0101 at 6: String literal must be terminated by a matching quote' },
    { text: 'a {% $eval(b) %}', says: '$eval is not available: the expression at 3' },
    { text: '{% /a+**/ %}', says: 'Invalid regular expression: /a+**/g: Nothing to repeat' },
    { text: `{% ${'('.repeat(20_000)} %}`, says: 'Maximum call stack size exceeded' },
  ])('is named: $says', ({ text, says }) => {
    expect(checkTemplate(text)).toBe(says)
    expect(checkTemplate(text)).toBe(says)
    if (says !== undefined) expect(() => expressions.compile(text)).toThrow(says)
  })
})

describe('an evaluation that fails', () => {
  it.each([
    { text: '{% 1 + "a" %}', says: 'T2002 at 6: The right side of the "+" operator must evaluate to a number' },
    { text: 'abc{% 1 + "a" %}', says: 'T2002 at 9: The right side of the "+" operator must evaluate to a number' },
    { text: '{% $error("no\n such thing") %}', says: 'D3137 at 10: no such thing' },
    { text: '{% $nothing(1) %}', says: 'T1006 at 12: Attempted to invoke a non-function' },
    { text: '{% function($x) { $x } %}', says: 'the result is a function, or has one in it' },
    { text: '{% {"upper": $uppercase} %}', says: 'the result is a function, or has one in it' },
  ])('says $says', async ({ text, says }) => {
    expect(await refusal(text)).toEqual({ kind: 'Failed', message: says })
  })

  it('tells in one line of bounded length, however long the value it is about', async () => {
    const { message } = (await refusal('{% $number(text) %}', { text: 'x\n'.repeat(5_000) })) as { message: string }
    expect([message.length < 350, message.includes('\n')]).toEqual([true, false])
  })
})

describe('many evaluations at once', () => {
  it.each([
    { where: 'here', text: '{% items.{"k": x & "-" & $headers.h, "sum": $sum([x, 1])} %}' },
    {
      where: 'in workers',
      text: '{% items.{"k": x & $replace("-", /(-)+/, "-") & $headers.h, "sum": $sum([x, 1])} %}',
    },
  ])('of one template each give their own result $where', async ({ text }) => {
    const template = expressions.compile(text)
    const results = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) =>
        template.evaluate({ items: [{ x: i }, { x: i + 1 }] }, { headers: { h: i } }),
      ),
    )
    expect(results).toEqual(
      Array.from({ length: 1_000 }, (_, i) => [
        { k: `${i}-${i}`, sum: i + 1 },
        { k: `${i + 1}-${i}`, sum: i + 2 },
      ]),
    )
  })

  it('leave the event loop its turns', async () => {
    const template = expressions.compile('{% $sum([1..2000].($ * 2)) %}')
    let turns = 0
    const counting = setInterval(() => turns++, 1)
    await Promise.all(Array.from({ length: 100 }, () => template.evaluate({}, {})))
    clearInterval(counting)
    expect(turns).toBeGreaterThan(2)
  })

  it('have one time each, however often they ask for it', async () => {
    const template = expressions.compile('{% [$now(), $sum([1..500].($ * 2)), $now()] %}')
    const results = await Promise.all(Array.from({ length: 50 }, () => template.evaluate({}, {})))
    for (const [before, , after] of results as [string, number, string][]) {
      expect(after).toBe(before)
      expect(Date.now() - Date.parse(before)).toBeLessThan(60_000)
    }
  })

  it('are refused as busy beyond those that may wait, and when the process stops', async () => {
    const small = createExpressions({ workers: 1, maxWaiting: 2 })
    const all = Array.from({ length: 4 }, () => refusal('{% $formatInteger(1, "0") %}', {}, small))
    const stopped = all.slice(0, 2)
    expect(await all[3]).toMatchObject({ kind: 'Busy' })
    await small.stop()
    expect(await Promise.all(stopped)).toMatchObject([{ kind: 'Busy' }, { kind: 'Busy' }])
    expect(await refusal('{% $formatInteger(1, "0") %}', {}, small)).toEqual({
      kind: 'Busy',
      message: 'the process is about to stop',
    })
  })
})

describe('chance', () => {
  it('is that of the caller, here and in a worker', async () => {
    const seeded = () => createExpressions({ random: () => 0.25 })
    const [one, other] = [seeded(), seeded()]
    expect(await one.compile('{% $random() %}').evaluate({}, {})).toBe(0.25)
    const inWorker = '{% [$random(), $random(), $formatInteger(1, "0")] %}'
    const drawn = await one.compile(inWorker).evaluate({}, {})
    expect(drawn).toEqual(await other.compile(inWorker).evaluate({}, {}))
    await Promise.all([one.stop(), other.stop()])
  })
})
