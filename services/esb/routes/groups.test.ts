import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGroups } from './groups.ts'

const group = (correlation: string) => ({ step: 'all', correlation, size: 3, windowMs: 1_000 })

describe('groups in the making', () => {
  const done: (readonly [string, readonly string[]])[] = []
  const groups = createGroups<string>(({ correlation }, members) => done.push([correlation, members]))
  beforeEach(() => {
    vi.useFakeTimers()
    done.length = 0
  })
  afterEach(() => {
    groups.clear()
    vi.useRealTimers()
  })

  it('are complete when they are full', () => {
    for (const member of ['1', '2', '3', '4']) groups.add(group('a'), member)
    groups.add(group('b'), '5')
    expect(done).toEqual([['a', ['1', '2', '3']]])
    expect(groups.size()).toBe(2)
  })

  it('are complete when their window has passed, counted from the first member', () => {
    groups.add(group('a'), '1')
    vi.advanceTimersByTime(900)
    groups.add(group('a'), '2')
    vi.advanceTimersByTime(100)
    expect(done).toEqual([['a', ['1', '2']]])
  })

  it('are never completed once they are cleared, and give their members back', () => {
    groups.add(group('a'), '1')
    groups.add(group('b'), '2')
    expect(groups.clear()).toEqual(['1', '2'])
    vi.advanceTimersByTime(10_000)
    expect(done).toEqual([])
  })
})
