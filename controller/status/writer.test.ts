import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { SoaError } from '#lib/error.ts'
import { createMetrics } from '#lib/metrics.ts'
import { policyOf, serviceOf } from '#test/gen/objects.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { keyOf, type ManagedObject } from '../api/objects.ts'
import type { Progress } from '../publish/progress.ts'
import { NOTHING, translate } from '../translate/translate.ts'
import { createStatusWriter, type StatusWriter } from './writer.ts'

const ALL: Progress = { acked: 2, total: 2, without: [] }
const NOBODY: Progress = { acked: 0, total: 0, without: ['registry'] }

const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A source that the test holds in its hands, in the place of an API server: it keeps objects, and misbehaves when told. */
function bed({ settleMs = 0, leading = true }: { settleMs?: number; leading?: boolean } = {}) {
  const world = new Map<string, ManagedObject>()
  /** As in the world, with the newest statuses. */
  const objects = new Map<string, ManagedObject>()
  const listeners: ((leads: boolean) => void)[] = []
  const events: string[] = []
  const writes: string[] = []
  const state = { leads: leading, progress: ALL, refuse: undefined as Refuse | undefined }
  let translation = NOTHING
  let version = 1_000

  const writer: StatusWriter = createStatusWriter({
    source: {
      leads: () => state.leads,
      onLead: (listener) => void listeners.push(listener),
      synced: () => true,
      stored: (object) => (world.get(nameOf(object)) === object ? objects.get(nameOf(object)) : undefined),
      async writeStatus(object, status) {
        writes.push(object.metadata.name)
        const answer = state.refuse?.(object.metadata.name, writes.length)
        if (answer instanceof Error) throw answer
        if (answer === 'conflict') return false
        edit(object, status)
        return true
      },
      recordEvent: async ({ metadata }, { type, reason }) => void events.push(`${metadata.name} ${type} ${reason}`),
    },
    verdicts: () => translation.verdicts.values(),
    progress: () => (items) => (items.length > 0 ? state.progress : { acked: 0, total: 0, without: [] }),
    clock: systemClock,
    random: () => 0.5,
    log: quietLog(),
    metrics: createMetrics({ process: false }),
    settleMs,
    backoff: { baseMs: 50, maxMs: 100 },
  })

  function put(...next: readonly ManagedObject[]): void {
    for (const object of next) {
      const whole = versioned(object, object.status)
      objects.set(nameOf(object), whole)
      world.set(nameOf(object), whole)
    }
    look()
  }

  // A status alone changes nothing that the verdict was made from.
  function edit(object: ManagedObject, status: object | undefined): void {
    objects.set(nameOf(object), versioned(object, status))
    writer.touch()
  }

  function versioned(object: ManagedObject, status: object | undefined): ManagedObject {
    const metadata = { ...object.metadata, resourceVersion: String(++version) }
    return { ...object, metadata, status } as ManagedObject
  }

  function look(): void {
    const of = (kind: string) =>
      new Map([...world.values()].filter((each) => each.kind === kind).map((each) => [keyOf(each), each]))
    const seen = { ...NOTHING.world, services: of('Service'), policies: of('Policy') }
    translation = translate(seen as never, translation)
    writer.touch()
  }

  stops.push(writer.stop)
  writer.start()
  return {
    writer,
    state,
    events,
    writes,
    put,
    edit,
    lead(leads: boolean) {
      state.leads = leads
      for (const listener of listeners) listener(leads)
    },
    drop(name: string) {
      for (const held of [world, objects])
        for (const [key, { metadata }] of held) if (metadata.name === name) held.delete(key)
      look()
    },
    objects: () => [...objects.values()],
    ready: (name: string) => readyOf([...objects.values()].find(({ metadata }) => metadata.name === name)),
  }
}

const nameOf = (object: ManagedObject) => `${object.kind} ${keyOf(object)}`

type Refuse = (name: string, nth: number) => Error | 'conflict' | undefined

function readyOf(object: ManagedObject | undefined): string | undefined {
  const ready = object?.status?.conditions?.find(({ type }) => type === 'Ready')
  return ready && `${ready.status}/${ready.reason}`
}

const a = () => serviceOf('a', { url: 'http://a.example' })
const b = () => serviceOf('b', { url: 'http://b.example' })

describe('the status writer', () => {
  it('writes what differs, once, and is still while nothing does', async () => {
    const { writer, put, ready, writes } = bed()
    put(a(), b())
    await eventually(() => expect([ready('a'), ready('b')]).toEqual(['True/Ready', 'True/Ready']))
    for (let i = 0; i < 5; i++) writer.touch()
    put(serviceOf('c', { url: 'http://c.example' }))
    await eventually(() => expect(ready('c')).toBe('True/Ready'))
    expect(writes.sort()).toEqual(['a', 'b', 'c'])
  })

  it('writes again what someone else wrote over it, though nothing was translated', async () => {
    const { put, edit, objects, ready, writes, events } = bed()
    put(a())
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    const [written] = objects()
    edit(written as ManagedObject, { ...written?.status, conditions: [] })
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    expect([writes, objects()[0]?.status?.observedGeneration]).toEqual([['a', 'a'], 1])
    await eventually(() => expect(events).toEqual(['a Normal Ready', 'a Normal Ready']))
  })

  it('leaves an object that changed since its verdict to the next one', async () => {
    const { put, state, ready, writes } = bed()
    state.refuse = (_name, nth) => {
      // Eight are on their way together: what comes after them is another by now.
      if (nth === 1) put(serviceOf('s9', { url: 'http://other.example' }))
      return undefined
    }
    put(...Array.from({ length: 10 }, (_, i) => serviceOf(`s${i}`, { url: 'http://s.example' })))
    await eventually(() => expect(ready('s9')).toBe('True/Ready'))
    expect(writes.filter((name) => name === 's9')).toEqual(['s9'])
  })

  it('writes nothing while another leads, and begins when it does', async () => {
    const { put, ready, writes, lead } = bed({ leading: false })
    put(a())
    lead(true)
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    expect(writes).toEqual(['a'])
  })

  it('stops in the middle when it no longer leads', async () => {
    const { put, state, writes, lead, ready } = bed()
    state.refuse = (_name, nth) => {
      if (nth === 8) state.leads = false
      return undefined
    }
    put(...Array.from({ length: 100 }, (_, i) => serviceOf(`s${i}`, { url: 'http://s.example' })))
    await eventually(() => expect(writes.length).toBe(8))
    state.refuse = undefined
    lead(true)
    await eventually(() => expect(ready('s99')).toBe('True/Ready'))
    // Nothing of the eight was lost, nothing was written twice.
    expect([writes.length, new Set(writes).size]).toEqual([100, 100])
  })

  it('looks again after a conflict once the newer object is seen, and tells no transition that was not stored', async () => {
    const { put, state, writes, ready, events } = bed()
    state.refuse = () => 'conflict'
    put(a())
    await eventually(() => expect(writes).toEqual(['a']))
    expect(events).toEqual([])
    state.refuse = undefined
    put(a())
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    expect(writes).toEqual(['a', 'a'])
    await eventually(() => expect(events).toEqual(['a Normal Ready']))
  })

  it('tries again after a failure, without being touched', async () => {
    const { put, state, ready, writes } = bed()
    state.refuse = (_name, nth) => (nth <= 3 ? new SoaError('SOA_KUBE_REQUEST', 'busy', { status: 503 }) : undefined)
    put(a())
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    expect(writes.length).toBe(4)
  })

  it('lets a source in trouble rest: one try, not one for each object', async () => {
    const { put, state, ready, writes } = bed()
    state.refuse = (_name, nth) => (nth <= 8 ? new SoaError('SOA_KUBE_REQUEST', 'busy', { status: 503 }) : undefined)
    put(...Array.from({ length: 100 }, (_, i) => serviceOf(`s${i}`, { url: 'http://s.example' })))
    await eventually(() => expect(ready('s99')).toBe('True/Ready'))
    // Those that were on their way together, then all.
    expect(writes.length).toBe(108)
  })

  it('rests as long as it is asked to, whatever touches it', async () => {
    const { put, state, ready, writer } = bed()
    const busy = Object.assign(new SoaError('SOA_KUBE_REQUEST', 'busy', { status: 429 }), { retryAfterMs: 500 })
    state.refuse = (_name, nth) => (nth === 1 ? busy : undefined)
    const startedMs = performance.now()
    put(a())
    const touching = setInterval(writer.touch, 5)
    stops.push(() => clearInterval(touching))
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(500)
  })

  it('writes the others when one object is refused', async () => {
    const { put, state, ready } = bed()
    state.refuse = (name) => (name === 'a' ? new SoaError('SOA_KUBE_REQUEST', 'invalid', { status: 422 }) : undefined)
    put(a(), b(), serviceOf('c', { url: 'http://c.example' }))
    await eventually(() =>
      expect([ready('a'), ready('b'), ready('c')]).toEqual([undefined, 'True/Ready', 'True/Ready']),
    )
  })

  it('writes the others when the status of one cannot be read', async () => {
    const { put, ready } = bed()
    put({ ...a(), status: { conditions: 7 } } as never, b())
    await eventually(() => expect(ready('b')).toBe('True/Ready'))
  })

  it('says False again when replicas go, and True without a touch of the spec when they are back', async () => {
    const { put, state, ready, writer, events } = bed({ settleMs: 50 })
    put(a())
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    state.progress = NOBODY
    writer.touch()
    await eventually(() => expect(ready('a')).toBe('False/NoReplicas'))
    state.progress = ALL
    writer.touch()
    await eventually(() => expect(ready('a')).toBe('True/Ready'))
    await eventually(() => expect(events).toEqual(['a Normal Ready', 'a Warning NoReplicas', 'a Normal Ready']))
  })

  it.each([
    { kind: 'Service', policy: false },
    { kind: 'Service with a Policy', policy: true },
  ])('writes nothing for a $kind after a start while replicas find their way back', async ({ policy }) => {
    const spec = { url: 'http://a.example', expose: { paths: [{ value: '/' }] } }
    const targets = {
      targetRefs: [{ kind: 'Service', name: 'a' }],
      rateLimits: [{ name: 'r', limit: 5, period: '10s' }],
    }
    const first = bed()
    first.put(serviceOf('a', spec), ...(policy ? [policyOf('p', targets)] : []))
    await eventually(() => expect(first.ready(policy ? 'p' : 'a')).toBe('True/Ready'))
    const { put, state, ready, writes, writer } = bed({ settleMs: 400 })
    state.progress = NOBODY
    put(...first.objects())
    put(b())
    await eventually(() => expect(ready('b')).toBe('Unknown/Pending'))
    state.progress = { acked: 1, total: 1, without: [] }
    writer.touch()
    put(serviceOf('c', { url: 'http://c.example' }))
    await eventually(() => expect(ready('c')).toBe('Unknown/Pending'))
    state.progress = ALL
    writer.touch()
    await eventually(() => expect([ready('b'), ready('c')]).toEqual(['True/Ready', 'True/Ready']))
    expect(new Set(writes)).toEqual(new Set(['b', 'c']))
  })

  it('does not say that all replicas serve an object before all had the time to come', async () => {
    const { put, state, ready, writer, writes } = bed({ settleMs: 300 })
    state.progress = { acked: 1, total: 1, without: [] }
    put(a())
    await eventually(() => expect(ready('a')).toBe('Unknown/Pending'))
    state.progress = { acked: 1, total: 2, without: [] }
    writer.touch()
    await eventually(() => expect(ready('a')).toBe('False/PartiallyProgrammed'))
    expect(writes).toEqual(['a', 'a'])
  })

  it('falls silent when what it waited for is deleted', async () => {
    vi.useFakeTimers()
    stops.push(() => void vi.useRealTimers())
    const { put, state, writes, drop } = bed({ settleMs: 600_000 })
    state.progress = NOBODY
    put(a())
    await vi.advanceTimersByTimeAsync(100)
    expect([writes, vi.getTimerCount()]).toEqual([['a'], 1])
    drop('a')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})
