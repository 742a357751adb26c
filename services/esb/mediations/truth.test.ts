import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tools } from '#test/gen/mediation.ts'
import { isTrue } from './truth.ts'

it.each([
  { value: undefined, is: false },
  { value: null, is: false },
  { value: '', is: false },
  { value: 'false', is: true },
  { value: 0, is: false },
  { value: -1, is: true },
  { value: Number.NaN, is: false },
  { value: [], is: false },
  { value: [0, ''], is: false },
  { value: [0, 1], is: true },
  { value: [[0], [[]]], is: false },
  { value: {}, is: false },
  { value: { a: false }, is: true },
  { value: () => true, is: false },
])('$value is $is', ({ value, is }) => expect(isTrue(value)).toBe(is))

it('is what JSONata makes of any value', async () => {
  const boolean = tools.expressions.compile('{% $boolean(value) %}')
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      // JSONata has no answer for what a path unwraps to nothing, as an empty list.
      expect(isTrue(value)).toBe((await boolean.evaluate({ value }, {})) ?? false)
    }),
  )
})
