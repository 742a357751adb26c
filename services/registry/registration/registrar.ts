import type { Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'
import { LATENCY_BUCKETS, type Metrics } from '#lib/metrics.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { Part } from '#lib/run.ts'
import type { Directory } from '../directory/directory.ts'
import type { View } from '../directory/view.ts'
import type { Registration } from './parse.ts'
import { shows } from './shows.ts'
import type { Instance, Store, Written } from './store.ts'
import { createTurns } from './turns.ts'

/**
 * Writes registrations through the controller and answers once this registry's own table shows them. Its stop waits for
 * those in hand.
 */
export interface Registrar extends Part {
  readonly register: (registration: Registration) => Promise<Written>
  readonly withdraw: (instance: Instance) => Promise<Written>
  /** Deletes an instance unless `isStillDue` says no when its turn has come; undefined then. */
  readonly reap: (instance: Instance, isStillDue: () => boolean) => Promise<Written | undefined>
}

export interface RegistrarOptions {
  readonly directory: Directory
  readonly store: Store
  /** Renews the lease of an instance, here and at the peers. */
  readonly renew: (key: string, instance: string) => void
  readonly deadlineMs: number
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export function createRegistrar(options: RegistrarOptions): Registrar {
  const { directory, store, renew, deadlineMs, clock, log, metrics } = options
  const turns = createTurns()
  const visible = metrics.histogram(
    'soa_registry_register_visible_seconds',
    'From POST /register to visible in discovery',
    LATENCY_BUCKETS,
  )

  async function write(name: string, effect: () => Promise<Written>, isShown: (view: View) => boolean) {
    // Looks from before the write: its effect may be here before the answer is.
    const seen = waitFor(directory, isShown, deadlineMs)
    const written = await effect()
    if (!written.ok) seen.cancel()
    const outcome = written.ok && !(await seen.done) ? late(name) : written
    if (!outcome.ok && outcome.cause !== undefined) log.warn({ name, error: outcome.cause }, 'Write failed')
    return outcome
  }

  async function register(registration: Registration): Promise<Written> {
    const startedAt = clock.monotonic()
    const { namespace, name, instance } = registration
    return turns.run(turnOf(registration), async () => {
      const [key, entry] = entryOf(directory.view(), namespace, name)
      // Also for a declared service: what it already says needs no writing.
      if (key !== undefined && shows(entry, registration)) {
        renew(key, instance)
        return { ok: true }
      }
      if (entry?.origin === 'declared') return heldByDeclared(entry)
      const whole = withHeldVersion(registration, entry)
      const isShown = (view: View) => shows(entryOf(view, namespace, name)[1], whole)
      const written = await write(name, () => store.put(whole, deadlineMs), isShown)
      if (written.ok) {
        visible.observe((clock.monotonic() - startedAt) / 1_000)
        renew(entryOf(directory.view(), namespace, name)[0] ?? '', instance)
      }
      return written
    })
  }

  async function withdraw(instance: Instance): Promise<Written> {
    const { namespace, name } = instance
    const entry = entryOf(directory.view(), namespace, name)[1]
    if (entry?.origin === 'declared') return heldByDeclared(entry)
    const isGone = (view: View) => {
      const endpoints = entryOf(view, namespace, name)[1]?.endpoints ?? []
      return instance.instance === undefined
        ? endpoints.length === 0
        : !endpoints.some((each) => each.instance === instance.instance)
    }
    return write(name, () => store.remove(instance, deadlineMs), isGone)
  }

  return {
    name: 'registrations',
    start() {},
    stop: turns.ended,
    register,
    withdraw: (instance) => turns.run(turnOf(instance), () => withdraw(instance)),
    reap: (instance, isStillDue) =>
      turns.run(turnOf(instance), async () => (isStillDue() ? withdraw(instance) : undefined)),
  }
}

// The version is the instance's own, so the instance is where it stays when it is left out.
function withHeldVersion(registration: Registration, entry: RegistryEntry | undefined): Registration {
  const held = entry?.endpoints.find((each) => each.instance === registration.instance)?.version
  return held === undefined ? registration : { version: held, ...registration }
}

function turnOf({ namespace, name, instance }: Instance): string {
  return `${namespace}/${name}/${instance ?? ''}`
}

function entryOf(view: View, namespace: string, name: string): [string, RegistryEntry] | [undefined, undefined] {
  for (const key of view.keysByName.get(name) ?? []) {
    const entry = view.entries.get(key)
    if (entry?.namespace === namespace) return [key, entry]
  }
  return [undefined, undefined]
}

function heldByDeclared({ name, namespace, object }: RegistryEntry): Written {
  const error = `Service ${name} is declared by the object ${namespace}/${object}: change that object, or use another name`
  return { ok: false, status: 409, error }
}

function late(name: string): Written {
  const error = `Service ${name} is stored but does not show here yet; nothing is lost, try again`
  return { ok: false, status: 503, error, cause: 'not visible in time' }
}

function waitFor(directory: Directory, isShown: (view: View) => boolean, deadlineMs: number) {
  const { promise: done, resolve } = Promise.withResolvers<boolean>()
  const check = (view: View) => {
    if (isShown(view)) settle(true)
  }
  const off = directory.onModel(check)
  const timer = setTimeout(() => settle(false), deadlineMs)
  function settle(shown: boolean): void {
    off()
    clearTimeout(timer)
    resolve(shown)
  }
  check(directory.view())
  return { done, cancel: () => settle(false) }
}
