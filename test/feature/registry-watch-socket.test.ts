import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createDiscovery } from '#lib/discovery-client.ts'
import { createLife } from '#lib/run.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import { type Watcher, watchSocket } from '#test/kit/registry-watch.ts'

let bed: RegistryBed
const open: Watcher[] = []
beforeAll(async () => {
  bed = await registryBed()
  await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.1' })
})
afterAll(() => bed?.stop())
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

async function watch(query = '', url = bed.registry().url) {
  const watcher = await watchSocket(`${url}/watch${query}`)
  open.push(watcher)
  await eventually(() => watcher.frames.length > 0)
  return watcher
}
const namesIn = ({ services }: Watcher) => [...services.values()].map(({ name }) => name).sort()

describe('GET /watch as a WebSocket', () => {
  it('begins with a snapshot, goes on with changes, and after a break with what was missed', async () => {
    const first = await watch()
    expect(first.frames[0]?.type).toBe('snapshot')
    await bed.post('/register', { name: 'ServiceB', url: 'http://10.0.0.2' })
    await eventually(() => expect(namesIn(first)).toEqual(['ServiceA', 'ServiceB']))
    const index = first.frames.at(-1)?.index
    first.close()
    await bed.send('DELETE', '/register/ServiceB')
    const second = await watch(`?index=${index}`)
    expect(second.frames[0]).toMatchObject({ type: 'change', put: [], drop: [expect.stringMatching(/serviceb/)] })
  })

  it('tells of one service when asked for one', async () => {
    const watcher = await watch('?service=ServiceA')
    await bed.post('/register', { name: 'Other', url: 'http://10.0.0.4' })
    await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.5' })
    await eventually(() => expect(watcher.frames).toHaveLength(2))
    expect(namesIn(watcher)).toEqual(['ServiceA'])
  })

  it('is refused on other paths', async () => {
    await expect(watchSocket(`${bed.registry().url}/watchers`)).rejects.toThrow('404')
  })

  it('is closed as going away when the registry stops; a client of ours finds it again by itself', async () => {
    const socket = await watch()
    const discovery = createDiscovery({ registryUrl: () => bed.registry().url, log: quietLog(), random: Math.random })
    const life = createLife([discovery])
    await life.start()
    try {
      const nameOf = (name: string) => [...discovery.services().values()].find((each) => each.name === name)
      await eventually(() => nameOf('ServiceA') !== undefined)
      await bed.restartRegistry()
      await eventually(() => expect(socket.closeCode()).toBe(1001))
      await bed.post('/register', { name: 'Later', url: 'http://10.0.0.6' })
      await eventually(() => nameOf('Later') !== undefined)
      expect(discovery.isStale()).toBe(false)
    } finally {
      await life.stop(1_000)
    }
  })
})

describe('how many may watch', () => {
  it('is limited: one more is refused until another leaves', async () => {
    const small = await bed.another({ maxWatchers: 2 })
    const [first] = [await watch('', small.url), await watch('', small.url)]
    await expect(watchSocket(`${small.url}/watch`)).rejects.toThrow('503')
    const { status, headers } = await small.get('/watch')
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
    expect(await small.metric('soa_registry_watchers')).toBe(2)
    first?.close()
    await eventually(async () => expect(await small.metric('soa_registry_watchers')).toBe(1))
    await watch('', small.url)
  })
})
