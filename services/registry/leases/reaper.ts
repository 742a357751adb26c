import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { Registrar } from '../registration/registrar.ts'

export interface ReaperOptions {
  readonly entryOf: (key: string) => RegistryEntry | undefined
  readonly registrar: Pick<Registrar, 'reap'>
  readonly isWithdrawn: (key: string, instance: string) => boolean
  /** A copy that may be old is no reason to delete anything. */
  readonly isStale: () => boolean
  readonly log: Log
  readonly metrics: Metrics
}

const AGAIN_MS = 10_000

/**
 * Deletes instances whose owners have been gone for long: the returned function is asked again and again, and acts once.
 * Only what was registered: a declared object is its author's.
 */
export function createReaper(options: ReaperOptions): (key: string, instance: string) => void {
  const { entryOf, registrar, isWithdrawn, isStale, log, metrics } = options
  const inHand = new Set<string>()
  const reaped = metrics.counter('soa_registry_instances_reaped_total', 'Expired instances deleted')

  async function reap(key: string, instance: string, { namespace, name }: RegistryEntry): Promise<void> {
    const written = await registrar.reap({ namespace, name, instance }, () => isWithdrawn(key, instance))
    if (written === undefined) return
    // 404: another replica was faster.
    if (written.ok) reaped.inc()
    else if (written.status !== 404) log.warn({ key, instance, error: written.error }, 'Expired instance not deleted')
  }

  return (key, instance) => {
    const entry = entryOf(key)
    const id = `${key} ${instance}`
    if (entry?.origin !== 'registered' || isStale() || inHand.has(id)) return
    inHand.add(id)
    const again = () => inHand.delete(id)
    void reap(key, instance, entry).finally(() => setTimeout(again, AGAIN_MS).unref())
  }
}
