import { describe, expect, it } from 'vitest'
import type { Part } from '#lib/run.ts'
import { deployable } from './deployable.ts'

const quiet = { logLevel: 'error', logFormat: 'text' } as const

function recorded(name: string, told: string[], change: Partial<Part> = {}): Part {
  return { name, start: () => void told.push(`start ${name}`), stop: () => void told.push(`stop ${name}`), ...change }
}

describe('a deployable as a part', () => {
  it('composes, starts and stops what it is made of, and tells its own readiness alone', async () => {
    const told: string[] = []
    let reason: string | undefined = 'no copy yet'
    const parts = [recorded('api', told), recorded('feed', told, { unready: () => reason })]
    let ownUnready: (() => readonly string[]) | undefined
    const part = deployable('registry', quiet, ({ unready }) => {
      told.push('compose')
      ownUnready = unready
      return { parts, url: () => 'http://registry' }
    })
    expect([part.unready?.(), told]).toEqual(['process: starting', []])
    await part.start()
    expect([part.it().url(), part.unready?.(), ownUnready?.()]).toEqual([
      'http://registry',
      'feed: no copy yet',
      ['feed: no copy yet'],
    ])
    reason = undefined
    expect(part.unready?.()).toBeUndefined()
    part.drain?.()
    expect(part.unready?.()).toBe('process: draining')
    await part.stop()
    expect(told).toEqual(['compose', 'start api', 'start feed', 'stop feed', 'stop api'])
  })

  it('stops what had started when one of its parts cannot', async () => {
    const told: string[] = []
    const broken = recorded('feed', told, { start: () => Promise.reject(new Error('no')) })
    const part = deployable('registry', quiet, () => ({ parts: [recorded('api', told), broken] }))
    await expect(part.start()).rejects.toThrow('no')
    expect(told).toEqual(['start api', 'stop api'])
  })

  it('names the parts that did not stop', async () => {
    const stuck = recorded('api', [], { stop: () => Promise.reject(new Error('no')) })
    const part = deployable('registry', quiet, () => ({ parts: [stuck] }))
    await part.start()
    await expect(part.stop()).rejects.toThrow('registry: held on by api')
  })

  it('has nothing to show before it has started', () => {
    expect(() => deployable('registry', quiet, () => ({ parts: [] })).it()).toThrow('registry has not started')
  })
})
