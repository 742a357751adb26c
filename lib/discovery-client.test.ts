import { afterEach, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import type { WatchFrame } from './discovery.ts'
import { createDiscovery } from './discovery-client.ts'
import { controlApp, httpPart } from './http.ts'
import { createMetrics } from './metrics.ts'
import type { ServiceHealth } from './model/health.ts'
import { createLife, type Life } from './run.ts'
import { type WebSocket, wsPart } from './ws.ts'

const lives: Life[] = []

afterEach(async () => {
  for (const life of lives.splice(0).reverse()) await life.stop(3_000)
})

function service(name: string, url = 'http://127.0.0.1:1'): ServiceHealth {
  const endpoints = [{ instance: 'i', url, health: 'healthy' as const }]
  return { key: `d/${name}`, namespace: 'd', name, endpointsRev: url, endpoints }
}

/** A registry's watch: says what it is told to, remembers from where it was asked to go on. */
async function registry(first: (index: string | null) => WatchFrame, port = 0) {
  const asked: (string | null)[] = []
  let socket: WebSocket | undefined
  const app = controlApp({ metrics: createMetrics({ process: false }), unready: () => [] })
  const http = httpPart('registry', app, { host: '127.0.0.1', port })
  const watch = wsPart('watch', http.server, [
    {
      matches: (path) => path === '/watch',
      accept(accepted, request) {
        const index = new URL(request.url ?? '', 'http://r').searchParams.get('index')
        asked.push(index)
        socket = accepted
        accepted.send(JSON.stringify(first(index)))
      },
    },
  ])
  const life = createLife([http, watch])
  await life.start()
  lives.push(life)
  return { url: http.url(), life, asked, tell: (frame: WatchFrame) => socket?.send(JSON.stringify(frame)) }
}

async function discovery(url: string) {
  const told: (readonly string[])[] = []
  const client = createDiscovery({ registryUrl: () => url, log: quietLog(), random: () => 0 })
  client.onChange((keys) => void told.push(keys))
  const life = createLife([client])
  await life.start()
  lives.push(life)
  return { client, told }
}

it('holds the snapshot, then what changes, and tells which keys differ', async () => {
  const watch = await registry(() => ({ type: 'snapshot', index: 'e.1', services: [service('a'), service('b')] }))
  const { client, told } = await discovery(watch.url)
  expect(client.unready?.()).toBe('no copy of the registry yet')
  await eventually(() => expect(told).toEqual([['d/a', 'd/b']]))
  expect([client.unready?.(), client.isStale()]).toEqual([undefined, false])
  watch.tell({ type: 'change', index: 'e.2', put: [service('a', 'http://127.0.0.1:2')], drop: ['d/b'] })
  await eventually(() => expect(told[1]).toEqual(['d/a', 'd/b']))
  expect([client.of('d/a')?.endpointsRev, client.of('d/b')]).toEqual(['http://127.0.0.1:2', undefined])
})

it('serves its last copy while the registry is away, goes on from its index, and drops what a new snapshot lacks', async () => {
  const first = await registry(() => ({ type: 'snapshot', index: 'e.7', services: [service('a'), service('b')] }))
  const { client, told } = await discovery(first.url)
  await eventually(() => expect(client.services().size).toBe(2))
  await first.life.stop(3_000)
  await eventually(() => expect(client.isStale()).toBe(true))
  expect([client.of('d/a')?.name, client.unready?.()]).toEqual(['a', undefined])
  const snapshot: WatchFrame = { type: 'snapshot', index: 'f.1', services: [service('b')] }
  const again = await registry(() => snapshot, Number(new URL(first.url).port))
  await eventually(() => expect([...client.services().keys()]).toEqual(['d/b']))
  expect([again.asked, client.isStale(), told.at(-1)]).toEqual([['e.7'], false, ['d/b', 'd/a']])
})
