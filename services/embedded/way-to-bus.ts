import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pause } from '#lib/kube/pause.ts'
import type { Part } from '#lib/run.ts'
import { BUS_SERVICE } from './configs.ts'
import { writeEndpoints } from './endpoints.ts'

export interface WayToBus {
  /** Beside the samples, in the folder that the controller watches. */
  readonly folder: string
  readonly busUrl: () => string
  /** Why the bus itself is not ready. */
  readonly busUnready: () => string | undefined
  readonly gatewayUrl: () => string
}

const LOOK_MS = 50
const WITHIN_MS = 20_000

/**
 * Tells the controller where the bus listens, once that is ready, as Kubernetes would; and waits until the gateway leads
 * there, which no object's status tells.
 */
export function wayToBus({ folder, busUrl, busUnready, gatewayUrl }: WayToBus): Part {
  const stopping = new AbortController()
  let isOpen = false

  async function until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const deadline = performance.now() + WITHIN_MS
    while (!stopping.signal.aborted && performance.now() < deadline) {
      if (await holds()) return true
      await pause(LOOK_MS, stopping.signal)
    }
    return false
  }

  // Only the bus itself answers so: the gateway has other words for what it cannot reach.
  async function leadsThere(): Promise<boolean> {
    const { status } = await fetch(`${gatewayUrl()}/messages/any`, { method: 'OPTIONS', signal: stopping.signal })
    return status === 204
  }

  return {
    name: 'way to the bus',
    async start() {
      await until(() => busUnready() === undefined)
      await writeEndpoints(endpointsFile(folder), 'Where the bus listens', [[BUS_SERVICE.name, busUrl()]])
      isOpen = await until(leadsThere)
    },
    abandon: () => stopping.abort(),
    stop: () => stopping.abort(),
    unready: () => (isOpen ? undefined : 'the gateway does not lead there yet'),
  }
}

/** What an earlier run has written: nobody listens there any more. */
export function removeWayToBus(folder: string): Promise<void> {
  return rm(endpointsFile(folder), { force: true })
}

function endpointsFile(folder: string): string {
  return join(folder, 'platform', 'endpoints.yaml')
}
