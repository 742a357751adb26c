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
    groups.take(() => true)
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

  it('give back the members that are asked for, and go on with the others', () => {
    groups.add(group('a'), 'mine 1')
    groups.add(group('a'), 'theirs')
    groups.add(group('b'), 'mine 2')
    expect(groups.take((member) => member.startsWith('mine'))).toEqual(['mine 1', 'mine 2'])
    expect(groups.size()).toBe(1)
    vi.advanceTimersByTime(10_000)
    expect(done).toEqual([['a', ['theirs']]])
  })

  it('begin their window anew once nobody is left in them', () => {
    groups.add(group('a'), '1')
    vi.advanceTimersByTime(900)
    groups.take(() => true)
    groups.add(group('a'), '1')
    vi.advanceTimersByTime(900)
    expect(done).toEqual([])
    vi.advanceTimersByTime(100)
    expect(done).toEqual([['a', ['1']]])
  })
})
