import { expect, it } from 'vitest'
import { versionTest } from './version.ts'

it.each([
  ['1.4.2', '1.4.2', true],
  ['1.4.2', '1.x', true],
  ['1.4', '^1.0.0', true],
  ['1.4', '1.4.0', true],
  ['v2', '2.x', true],
  ['2.0.0', '1.x', false],
  ['2.0.0', '>=1.0.0 <2.0.0', false],
  ['2.0.0-rc.1', '2.x', false],
  ['2.0.0-rc.1', '2.0.0-rc.1', true],
  ['blue', 'blue', true],
  ['blue', 'green', false],
  ['blue', '*', false],
  ['1.0.0', '*', true],
  [undefined, '*', false],
  ['1.0.0', '~~>>!', false],
  ['1.0.0', '>=1.0.0 '.repeat(30), true],
  ['1.0.0', '>=1.0.0 '.repeat(40), false],
])('%s offered, %s asked: %s', (offered, asked, is) => expect(versionTest(asked)(offered)).toBe(is))
