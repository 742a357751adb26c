import { describe, expect, it } from 'vitest'
import { createTurns } from './turns.ts'

describe('turns', () => {
  it('run works of one key in order of arrival, of other keys beside them', async () => {
    const { run } = createTurns()
    const gate = Promise.withResolvers<void>()
    const done: string[] = []
    const first = run('a', () => gate.promise.then(() => done.push('a1')))
    const second = run('a', async () => done.push('a2'))
    await run('b', async () => done.push('b1'))
    gate.resolve()
    await Promise.all([first, second])
    expect(done).toEqual(['b1', 'a1', 'a2'])
  })

  it('go on after a work that failed', async () => {
    const { run } = createTurns()
    const failed = run('a', () => Promise.reject(new Error('no')))
    const next = run('a', async () => 'yes')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('yes')
  })

  it('tell when all that was begun has ended, failures included', async () => {
    const { run, ended } = createTurns()
    const gate = Promise.withResolvers<void>()
    const done: string[] = []
    const failing = run('a', () => gate.promise.then(() => Promise.reject(new Error('no')))).catch(() => done.push('a'))
    const waiting = ended().then(() => done.push('ended'))
    gate.resolve()
    await Promise.all([failing, waiting])
    expect(done.sort()).toEqual(['a', 'ended'])
    await ended()
  })
})
