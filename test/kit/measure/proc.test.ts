import { expect, it } from 'vitest'
import { cpuMsOf, sizeOf } from './proc.ts'

const stat = (name: string) => `42 (${name}) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 7 9 20 0 11 0 100 1 2 3\n`

it.each(['node', 'nginx: worker', 'a) R 9 (b'])('adds user and system time of a process named "%s"', (name) => {
  expect(cpuMsOf(stat(name), 100)).toBe(2_000)
})

it('refuses what is no stat', () => {
  expect(() => cpuMsOf('nothing', 100)).toThrow('No processor times in "nothing"')
})

it('reads sizes in bytes and names the one that is missing', () => {
  const status = 'Name:\tnode\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n'
  expect([sizeOf(status, 'VmRSS'), sizeOf(status, 'VmHWM')]).toEqual([1_048_576, 2_097_152])
  expect(() => sizeOf(status, 'VmSwap')).toThrow('No VmSwap')
})
