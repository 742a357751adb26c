import { afterAll, describe, expect, it } from 'vitest'
import { createExpressions, ExpressionError, type Expressions } from '../expression.ts'

// Time enough on any machine, for all that is not to run out of it.
const expressions = createExpressions({ timeoutMs: 20_000 })
const impatient = createExpressions({ timeoutMs: 400 })
afterAll(() => Promise.all([expressions.stop(), impatient.stop()]))

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

const CATASTROPHE = { text: '{% $contains(text, /^(a+)+$/) %}', input: { text: `${'a'.repeat(28)}!` } }

describe('an evaluation without end, or without measure', () => {
  it.each([
    {
      what: 'recursion',
      text: '{% ($f := function($n) { 1 + $f($n) }; $f(1)) %}',
      says: /^D1011 at \d+: Stack overflow/,
    },
    {
      what: 'recursion that grows in breadth',
      text: '{% ($f := function($n) { [$f($n), $f($n)] }; $f(1)) %}',
      says: /^D1011/,
    },
    {
      what: 'a range of ten millions',
      text: '{% [1..10000000] %}',
      says: /^D2015 at \d+: The maximum sequence length/,
    },
    { what: 'ranges in ranges', text: '{% [1..1000].([1..1000]) %}', says: /^D2015/ },
    {
      what: 'a text that doubles',
      text: '{% $reduce([1..40], function($a, $i) { $a & $a }, "xx") %}',
      says: 'a text is too large',
    },
    {
      what: 'a list that doubles',
      text: '{% $reduce([1..40], function($a, $i) { [[$a], [$a]] }, 1) %}',
      says: 'the result is too large',
    },
    {
      what: 'what doubles, compared',
      text: '{% ($x := function() { $reduce([1..40], function($a, $i) { [[$a], [$a]] }, 1) }; $x() = $x()) %}',
      says: 'a value is too large',
    },
    { what: 'a width', text: '{% $pad("x", 300000000) %}', says: 'the width of $pad is too large' },
    {
      what: 'the width of a picture',
      text: '{% $fromMillis(0, "[Y,99999999]") %}',
      says: 'the picture of $fromMillis is too large',
    },
  ])('is ended as a limit: $what', async ({ text, says }) => {
    const message = typeof says === 'string' ? says : expect.stringMatching(says)
    expect(await refusal(text)).toEqual({ kind: 'Limit', message })
  })

  it.each([
    { what: 'a catastrophic regular expression', ...CATASTROPHE, says: /^no result within 400 ms$/ },
    {
      what: 'recursion that is a loop',
      text: '{% ($f := function($n) { $f($n) }; $f(1)) %}',
      input: {},
      // JSONata sees it itself, unless this machine is slow.
      says: /^D1012 at \d+: Evaluation timeout|^no result within 400 ms$/,
    },
  ])('is ended at its time: $what', async ({ text, input, says }) => {
    expect(await refusal(text, input, impatient)).toEqual({ kind: 'Limit', message: expect.stringMatching(says) })
  })

  it('is ended as a limit when there is time for it, but no room', async () => {
    const joined = await refusal('{% $join(items, between) %}', {
      items: Array(5_000).fill('x'),
      between: 'y'.repeat(2_000),
    })
    const grown = await refusal('{% $count([1..1000].{"a": [1..100000]}) %}')
    expect([joined, grown]).toEqual([
      { kind: 'Limit', message: 'what $join gives is too large' },
      { kind: 'Limit', message: 'needs more than 256 MiB' },
    ])
  })

  it('takes nothing from the others that wait for the same worker', async () => {
    const one = createExpressions({ timeoutMs: 1_000, workers: 1 })
    const bad = refusal(CATASTROPHE.text, CATASTROPHE.input, one)
    const good = Array.from({ length: 20 }, (_, i) =>
      one.compile('{% $match(text, /(a|b)+(\\d+)/).groups[1] %}').evaluate({ text: `ab${i}` }, {}),
    )
    expect(await Promise.all(good)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`))
    expect(await bad).toEqual({ kind: 'Limit', message: 'no result within 1000 ms' })
    await one.stop()
  })

  it('does not hold up what needs no worker', async () => {
    const ended: string[] = []
    const bad = refusal(CATASTROPHE.text, CATASTROPHE.input, impatient).then(() => ended.push('bad'))
    for (let i = 0; i < 50; i++) expect(await evaluated('{% a.b + 1 %}', { a: { b: i } })).toBe(i + 1)
    ended.push('good')
    await bad
    expect(ended).toEqual(['good', 'bad'])
  })

  it('is not made to fail by integers of 64 bits among the headers', async () => {
    const bindings = { headers: { long: 2n ** 60n, tenant: 'acme' } }
    for (const more of ['', ' & $formatInteger(1, "0")'])
      expect(await evaluated(`{% $headers.tenant${more} %}`, {}, bindings)).toBe(more === '' ? 'acme' : 'acme1')
  })

  it('is refused at once when its message is beyond what is handed to a worker', async () => {
    const { kind, message } = (await refusal(
      '{% $formatInteger(1, "0") %}',
      'x'.repeat(9 * 1024 * 1024),
    )) as ExpressionError
    expect([kind, message]).toEqual(['Limit', expect.stringMatching(/^the message is too large/)])
  })
})

describe('what takes long here', () => {
  it('is finished in a worker, with the same result', async () => {
    // 40,000 items of three nodes each are beyond the time this thread gives.
    expect(await evaluated('{% $sum([1..40000].($ * 2 + 1)) %}')).toBe(1_600_080_000)
  })

  it('gives lists of any length back, and groups of any number', async () => {
    const items = Array.from({ length: 3_000 }, (_, i) => ({ sku: `s${i}`, qty: i }))
    const sums = await evaluated('{% ($double := function($x) { $x * 2 }; items{sku: $double($sum(qty))}) %}', {
      items,
    })
    expect(sums).toEqual(Object.fromEntries(items.map(({ sku, qty }) => [sku, qty * 2])))
  })
})
