import { expect, it } from 'vitest'
import { readArguments } from './command-line.ts'

it.each([
  { when: 'nothing is asked', argv: [], gives: { count: 100_000, minutes: 4, seed: 1, broker: '3.10' } },
  {
    when: 'everything is asked',
    argv: ['--count', '5', '--minutes', '2', '--seed', '7', '--broker', 'cluster'],
    gives: { count: 5, minutes: 2, seed: 7, broker: 'cluster' },
  },
  {
    when: 'a number is none',
    argv: ['--count', 'many'],
    gives: { say: 'soak: --count is a whole number from 1 to 100000000, not many', status: 1 },
  },
  {
    when: 'there is no such broker',
    argv: ['--broker', '2.8'],
    gives: { say: 'soak: --broker is one of 3.10, 4.0, cluster, not 2.8', status: 1 },
  },
])('reads its arguments when $when', ({ argv, gives }) => expect(readArguments(argv)).toEqual(gives))
