import { expect, it } from 'vitest'
import { livingPid, markOf } from './mark.ts'

it('knows a process from a later one of the same id', () => {
  const mark = markOf(process.pid)
  expect(livingPid(mark)).toBe(process.pid)
  expect(livingPid(`${process.pid} 1`)).toBeUndefined()
  expect(livingPid('0 0')).toBeUndefined()
})
