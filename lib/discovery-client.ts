import type { WatchFrame } from './discovery.ts'
import type { Log } from './log.ts'
import type { ServiceHealth } from './model/health.ts'
import type { Part } from './run.ts'
import { wsClient } from './ws.ts'

/**
 * Every service's endpoints with their health, from the registry's watch; the last copy stays while the registry is away.
 *
 *   dialling ──first frame──► fresh ◄──connected, goes on from its index──► stale (the last copy serves)
 */
export interface Discovery extends Part {
  /** Of the Service `namespace/object`; undefined when the registry does not show it. */
  readonly of: (key: string) => ServiceHealth | undefined
  readonly services: () => ReadonlyMap<string, ServiceHealth>
  readonly isStale: () => boolean
  /** Calls back with the keys that differ, after each frame. */
  readonly onChange: (listener: (keys: readonly string[]) => void) => void
}

export interface DiscoveryOptions {
  readonly registryUrl: () => string
  readonly log: Log
  readonly random: () => number
}

export function createDiscovery({ registryUrl, log, random }: DiscoveryOptions): Discovery {
  const held = new Map<string, ServiceHealth>()
  const listeners: ((keys: readonly string[]) => void)[] = []
  let index: string | undefined
  let isStale = true

  const client = wsClient({
    name: 'discovery',
    url: () => `${registryUrl()}/watch${index === undefined ? '' : `?index=${encodeURIComponent(index)}`}`,
    random,
    onOpen() {
      isStale = false
    },
    onFrame: (frame) => take(frame as WatchFrame),
    onDown(reason) {
      if (!isStale) log.warn({ reason }, 'Registry out of reach, serving the last copy')
      isStale = true
    },
  })

  function take(frame: WatchFrame): void {
    switch (frame.type) {
      case 'snapshot':
        tell(replaced(held, frame.services))
        break
      case 'change':
        for (const service of frame.put) held.set(service.key, service)
        for (const key of frame.drop) held.delete(key)
        tell([...frame.put.map(({ key }) => key), ...frame.drop])
        break
      default:
        frame satisfies never
    }
    index = frame.index
  }

  function tell(keys: readonly string[]): void {
    for (const listener of listeners) listener(keys)
  }

  return {
    name: client.name,
    start: client.start,
    stop: client.stop,
    unready: () => (index === undefined ? 'no copy of the registry yet' : undefined),
    of: (key) => held.get(key),
    services: () => held,
    isStale: () => isStale,
    onChange: (listener) => void listeners.push(listener),
  }
}

function replaced(held: Map<string, ServiceHealth>, services: readonly ServiceHealth[]): readonly string[] {
  const gone = new Set(held.keys())
  for (const service of services) {
    gone.delete(service.key)
    held.set(service.key, service)
  }
  for (const key of gone) held.delete(key)
  return [...services.map(({ key }) => key), ...gone]
}
