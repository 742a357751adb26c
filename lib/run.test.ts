import { describe, expect, it } from 'vitest'
import { createLife, type Part } from './run.ts'

function parts(...names: readonly string[]) {
  const told: string[] = []
  const list: Part[] = names.map((name) => ({
    name,
    start: () => void told.push(`start ${name}`),
    stop: () => void told.push(`stop ${name}`),
  }))
  return { told, list }
}

describe('a life', () => {
  it('starts in order and stops in reverse', async () => {
    const { told, list } = parts('a', 'b')
    const life = createLife(list)
    await life.start()
    expect(await life.stop(1_000)).toEqual([])
    expect(told).toEqual(['start a', 'start b', 'stop b', 'stop a'])
  })

  it('stops only what had started when a part fails', async () => {
    const { told, list } = parts('a', 'c')
    const broken: Part = {
      name: 'b',
      start: () => Promise.reject(new Error('no')),
      stop: () => void told.push('stop b'),
    }
    const life = createLife([list[0] as Part, broken, list[1] as Part])
    await expect(life.start()).rejects.toThrow('no')
    await life.stop(1_000)
    expect(told).toEqual(['start a', 'stop a'])
  })

  it('names the parts that hold on past the deadline or fail to stop, and stops the others all the same', async () => {
    const { told, list } = parts('a')
    const stuck: Part = { name: 'stuck', start() {}, stop: () => new Promise(() => {}) }
    const rude: Part = { name: 'rude', start() {}, stop: () => Promise.reject(new Error('x')) }
    const life = createLife([...list, stuck, rude])
    await life.start()
    expect(await life.stop(30)).toEqual(['rude', 'stuck'])
    expect(told).toContain('stop a')
  })

  it('asks a start that is under way to give up when it is to stop, and starts nothing after it', async () => {
    const { told, list } = parts('a', 'c')
    const given = Promise.withResolvers<void>()
    const slow: Part = {
      name: 'b',
      start: () => given.promise,
      abandon() {
        told.push('abandon b')
        given.reject(new Error('given up'))
      },
      stop: () => void told.push('stop b'),
    }
    const life = createLife([list[0] as Part, slow, list[1] as Part])
    const starting = life.start()
    await Promise.resolve()
    expect(await life.stop(1_000)).toEqual([])
    await starting
    expect(told).toEqual(['start a', 'abandon b', 'stop a'])
  })

  it('stops a part whose start succeeded although it was asked to give up', async () => {
    const { told, list } = parts('a')
    const given = Promise.withResolvers<void>()
    const quick: Part = {
      name: 'b',
      start: () => given.promise,
      abandon: () => given.resolve(),
      stop: () => void told.push('stop b'),
    }
    const life = createLife([list[0] as Part, quick])
    const starting = life.start()
    await Promise.resolve()
    expect(await life.stop(1_000)).toEqual([])
    await starting
    expect(told).toEqual(['start a', 'stop b', 'stop a'])
  })

  it('names a part that does not give up its start in time', async () => {
    const stuck: Part = { name: 'stuck', start: () => new Promise(() => {}), abandon() {}, stop() {} }
    const life = createLife([stuck])
    void life.start()
    expect(await life.stop(20)).toEqual(['stuck'])
  })

  it('is ready once all parts have started and none has a reason not to be, and unready from the drain on', async () => {
    let reason: string | undefined = 'no copy yet'
    const life = createLife([{ name: 'feed', start() {}, stop() {}, unready: () => reason }])
    expect(life.unready()).toEqual(['process: starting'])
    await life.start()
    expect(life.unready()).toEqual(['feed: no copy yet'])
    reason = undefined
    expect(life.unready()).toEqual([])
    life.drain()
    expect(life.unready()).toEqual(['process: draining'])
  })
})
