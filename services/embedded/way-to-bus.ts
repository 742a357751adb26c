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
  readonly gatewayControlUrl: () => string
}

const LOOK_MS = 50
const WITHIN_MS = 20_000

/** Tells the controller where the bus listens, and waits until the gateway leads there: no object's status would say so. */
export function wayToBus({ folder, busUrl, gatewayControlUrl }: WayToBus): Part {
  const stopping = new AbortController()
  let isOpen = false

  async function leadsThere(): Promise<boolean> {
    const response = await fetch(
      `${gatewayControlUrl()}/explain?method=POST&path=${encodeURIComponent('/messages/any')}`,
    )
    const { endpoints = [] } = (await response.json()) as { readonly endpoints?: readonly { readonly url: string }[] }
    return endpoints.some(({ url }) => url === busUrl())
  }

  return {
    name: 'way to the bus',
    async start() {
      await writeEndpoints(endpointsFile(folder), 'Where the bus listens', [[BUS_SERVICE.name, busUrl()]])
      const deadline = performance.now() + WITHIN_MS
      while (!stopping.signal.aborted && performance.now() < deadline) {
        isOpen = await leadsThere()
        if (isOpen) return
        await pause(LOOK_MS, stopping.signal)
      }
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
