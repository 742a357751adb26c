import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import { type Watcher, watchStream } from '#test/kit/registry-watch.ts'

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

async function watch(query = '', headers: Record<string, string> = {}) {
  const watcher = await watchStream(`${bed.registry().url}/watch${query}`, headers)
  open.push(watcher)
  await eventually(() => watcher.frames.length > 0)
  return watcher
}
const namesIn = ({ services }: Watcher) => [...services.values()].map(({ name }) => name).sort()

describe('GET /watch with Accept: text/event-stream', () => {
  it('begins with a snapshot and goes on with every change', async () => {
    const watcher = await watch()
    expect(watcher.headers.get('content-type')).toBe('text/event-stream')
    expect(watcher.frames[0]).toEqual({
      type: 'snapshot',
      index: expect.stringMatching(/^[0-9a-f-]{36}\.\d+$/),
      services: [
        {
          key: expect.stringMatching(/^default\/servicea-/),
          ...{ namespace: 'default', name: 'ServiceA', endpointsRev: expect.any(String) },
          endpoints: [{ instance: 'default', url: 'http://10.0.0.1', health: 'unknown' }],
        },
      ],
    })
    await bed.post('/register', { name: 'ServiceB', url: 'http://10.0.0.2' })
    await eventually(() => expect(namesIn(watcher)).toEqual(['ServiceA', 'ServiceB']))
    await bed.send('DELETE', '/register/ServiceB')
    await eventually(() => expect(namesIn(watcher)).toEqual(['ServiceA']))
    expect(watcher.frames.map(({ type }) => type)).toEqual(['snapshot', 'change', 'change'])
  })

  it('goes on where a former stream ended, by Last-Event-ID or by index', async () => {
    const first = await watch()
    const index = first.frames.at(-1)?.index ?? ''
    first.close()
    await bed.post('/register', { name: 'Missed', url: 'http://10.0.0.3' })
    const [byHeader, byQuery] = [await watch('', { 'last-event-id': index }), await watch(`?index=${index}`)]
    for (const { frames } of [byHeader, byQuery])
      expect(frames[0]).toMatchObject({ type: 'change', put: [{ name: 'Missed' }], drop: [] })
    const current = byHeader.frames[0]?.index ?? ''
    const upToDate = await watch('', { 'last-event-id': current })
    expect(upToDate.frames[0]).toEqual({ type: 'change', index: current, put: [], drop: [] })
  })

  it('tells of one service when asked for one', async () => {
    const watcher = await watch('?service=ServiceA')
    await bed.post('/register', { name: 'Other', url: 'http://10.0.0.4' })
    await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.5' })
    await eventually(() => expect(watcher.frames).toHaveLength(2))
    expect(namesIn(watcher)).toEqual(['ServiceA'])
    expect([...watcher.services.values()][0]?.endpoints[0]?.url).toBe('http://10.0.0.5')
  })

  it('ends when the registry stops, and starts over after it in another epoch', async () => {
    const before = await watch()
    const index = before.frames.at(-1)?.index ?? ''
    await bed.restartRegistry()
    await eventually(() => before.hasEnded())
    const after = await watch('', { 'last-event-id': index })
    expect(after.frames[0]?.type).toBe('snapshot')
    expect(after.frames[0]?.index.split('.')[0]).not.toBe(index.split('.')[0])
    expect(namesIn(after)).toContain('ServiceA')
  })
})
