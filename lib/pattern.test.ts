import { expect, it } from 'vitest'
import { isHarmless } from './pattern.ts'

it.each([
  { pattern: '^ORD-[0-9]{4}$', is: true, why: 'all is bounded' },
  { pattern: 'abc', is: true, why: 'all is bounded, wherever it stands' },
  { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', is: true, why: 'one atom is unbounded, from one start' },
  { pattern: '\\s+', is: true, why: 'nothing behind the unbounded atom can fail' },
  { pattern: '^(?<year>\\d{4})-(\\d\\d)', is: true, why: 'groups are no repetition' },
  { pattern: '^[^\\]]*$', is: true, why: 'a bracket in a class is escaped' },
  { pattern: '^(a+)+$', is: false, why: 'a group is repeated' },
  { pattern: '^(a|b)*$', is: false, why: 'a group is repeated' },
  { pattern: '(ab){2,3}', is: false, why: 'a group is repeated' },
  { pattern: '[a-z]+@', is: false, why: 'each start runs to the end' },
  { pattern: '^[^@]+@[^@]+$', is: false, why: 'two atoms are unbounded' },
  { pattern: '^a*|b*c', is: false, why: 'the ^ is of one choice alone' },
  { pattern: '^a?a?a?a?a?a?a?a?a?a?aaaaaaaaaa$', is: false, why: 'there are many ways through it' },
  { pattern: '^(?=a*b)', is: false, why: 'it looks around' },
  { pattern: '^(a)\\1', is: false, why: 'it refers back' },
  { pattern: 'x{2,}y', is: false, why: 'each start runs to the end' },
  { pattern: `^${'a'.repeat(600)}`, is: false, why: 'it is long' },
])('takes $pattern for harmless: $is, since $why', ({ pattern, is }) => expect(isHarmless(pattern)).toBe(is))

it('doubts flags that give ^ more than one place', () => {
  expect([isHarmless('^a*b', 'g'), isHarmless('^a*b', 'gm')]).toEqual([true, false])
})

it.each(['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', '^.{0,60}x$', '\\s+', '^ORD-[0-9]+(-[A-Z])?$'])(
  'is right of %s: a long text that nearly matches is seen through',
  (pattern) => {
    // What backtracks in two places would need more steps for this than there is time for.
    const text = `${'a'.repeat(100_000)} ${'-'.repeat(100_000)} ${'ORD-1'.repeat(20_000)}!`
    expect([isHarmless(pattern), typeof new RegExp(pattern).test(text)]).toEqual([true, 'boolean'])
  },
)
