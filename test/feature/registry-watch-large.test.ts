import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RegistryEntry } from '#lib/model/registry.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type RunningRegistry, ready, startRegistry } from '#test/kit/registry-bed.ts'
import { entryNumber, type ModelFeed, modelFeed } from '#test/kit/registry-model.ts'
import { watchSocket, watchStream } from '#test/kit/registry-watch.ts'

const COUNT = 10_000
const BUFFER_BYTES = 8 * 1024 * 1024
let feed: ModelFeed
let registry: RunningRegistry
beforeAll(async () => {
  feed = await modelFeed()
  feed.publish(entries())
  registry = await ready(await startRegistry({ controllerUrl: feed.url, watchBufferBytes: BUFFER_BYTES }))
})
afterAll(async () => {
  await registry?.stop()
  await feed?.stop()
})

/** All services, those with a port of their own in `moved` elsewhere. */
function entries(moved: ReadonlyMap<number, string> = new Map()): readonly RegistryEntry[] {
  return Array.from({ length: COUNT }, (_, n) => {
    const url = moved.get(n)
    return url === undefined ? entryNumber(n) : entryNumber(n, { endpoints: [{ instance: 'default', url }] })
  })
}

const watchUrl = () => `${registry.url}/watch`

describe('a watch of 10,000 services', () => {
  it('has them all at once, then each change alone', async () => {
    const watchers = await Promise.all(Array.from({ length: 10 }, () => watchSocket(watchUrl())))
    for (const { services } of watchers) await eventually(() => expect(services.size).toBe(COUNT))
    feed.publish(entries(new Map([[7, 'http://10.9.9.9']])).slice(0, -1))
    for (const { frames, close } of watchers) {
      await eventually(() => expect(frames).toHaveLength(2))
      expect(frames[1]).toMatchObject({ type: 'change', put: [{ name: 'Service7' }], drop: ['default/service-9999'] })
      close()
    }
  })

  it('is a page after a page of the inventory, a list of targets, an answer to each name', async () => {
    const { body } = await registry.get('/services?limit=1000')
    expect([body.services.length, (await registry.get('/prometheus/sd')).body.length]).toEqual([1_000, COUNT - 1])
    expect(await registry.discover('Service9998')).toBe('http://10.0.0.1:19998')
  })

  it('cuts those who do not read, so that they cost no more; others go on', async () => {
    const [reading, asleep] = [await watchSocket(watchUrl()), await watchSocket(watchUrl())]
    await eventually(() => asleep.frames.length === 1)
    asleep.pause()
    const silent = await fetch(watchUrl(), { headers: { accept: 'text/event-stream' } })
    const dropped = () => registry.metric('soa_registry_watchers_dropped_total')
    for (let round = 0; (await dropped()) !== 2; round++) {
      expect(round).toBeLessThan(50)
      feed.publish(entries(new Map(Array.from({ length: COUNT }, (_, n) => [n, `http://10.1.${round}.1:${n + 1}`]))))
      await eventually(() => expect(reading.frames).toHaveLength(round + 2), { timeoutMs: 20_000 })
    }
    expect(await registry.metric('soa_registry_watchers')).toBe(1)
    asleep.resume()
    await eventually(() => expect(asleep.closeCode()).toBe(1006))
    await expect(silent.text()).rejects.toThrow()
    const back = await watchStream(`${watchUrl()}?index=${asleep.frames.at(-1)?.index}`)
    await eventually(() => expect(back.services.size).toBe(COUNT))
    expect([...back.services.values()]).toEqual([...reading.services.values()])
    back.close()
    reading.close()
  })
})
