import { expect, it } from 'vitest'
import { whoAsks } from './who.ts'

it.each([
  { header: 'ada@example.org', token: undefined, who: 'ada@example.org' },
  { header: ' x'.padEnd(300, 'x'), token: 's', who: 'x'.repeat(200) },
  { header: undefined, token: 's', who: 'holder of the control token at 10.0.0.1' },
  { header: '', token: undefined, who: 'anybody at 10.0.0.1' },
])('knows $who', ({ header, token, who }) => {
  const request = { get: () => header, socket: { remoteAddress: '10.0.0.1' } }
  expect(whoAsks(request as never, token)).toBe(who)
})
