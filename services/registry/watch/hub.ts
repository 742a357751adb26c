import type { WatchFrame } from '#lib/discovery.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import type { Directory, Step } from '../directory/directory.ts'
import type { View } from '../directory/view.ts'
import { changeFrame, changesByName, snapshotFrame } from './frames.ts'
import { createJournal } from './journal.ts'
import { formatPosition, parsePosition } from './position.ts'

/** A frame as text, written once whatever the number of its watchers. */
export interface Prepared {
  readonly index: string
  readonly text: string
}

export interface Watcher {
  /** The one registry name it asks for; all when undefined. */
  readonly service: string | undefined
  /** Takes a frame without waiting; one that has fallen too far behind is cut here. */
  readonly push: (frame: Prepared) => void
  /** The registry goes away. */
  readonly end: () => void
}

/** Tells every watcher of every step at once, and newcomers what they missed. Its stop ends them all. */
export interface Hub extends Part {
  readonly index: () => string
  /** What a watcher that holds `index` needs first: a snapshot, or the changes since, which may be none. */
  readonly first: (
    index: unknown,
    service: string | undefined,
  ) => { readonly frame: Prepared; readonly isNews: boolean }
  /** No more watchers are taken: there are too many, or the registry goes away. */
  readonly isFull: () => boolean
  /** Takes a watcher in until the returned function is called. */
  readonly join: (watcher: Watcher) => () => void
}

export interface HubOptions {
  readonly epoch: string
  readonly directory: Directory
  readonly maxWatchers: number
  readonly metrics: Metrics
}

const JOURNAL_KEYS = 50_000

export function createHub({ epoch, directory, maxWatchers, metrics }: HubOptions): Hub {
  const journal = createJournal(JOURNAL_KEYS)
  const ofAll = new Set<Watcher>()
  const ofName = new Map<string, Set<Watcher>>()
  const gauge = metrics.gauge('soa_registry_watchers', 'Watches and long polls open')
  let size = 0
  let n = 0
  let hasEnded = false
  let whole: Prepared | undefined
  const index = () => formatPosition({ epoch, n })

  function told(step: Step): void {
    n += 1
    const byName = changesByName(step, index())
    journal.record(n, step.changed, byName.keys())
    if (ofAll.size > 0) {
      const frame = prepared(changeFrame(step.after, index(), step.changed))
      for (const watcher of [...ofAll]) watcher.push(frame)
    }
    for (const [name, watchers] of ofName.size > 0 ? [...ofName] : []) {
      const change = byName.get(name)
      if (change === undefined) continue
      const frame = prepared(change)
      for (const watcher of [...watchers]) watcher.push(frame)
    }
  }
  directory.onStep(told)

  function first(text: unknown, service: string | undefined): ReturnType<Hub['first']> {
    const held = parsePosition(text)
    const view = directory.view()
    const known = held === undefined || held.epoch !== epoch || held.n > n ? undefined : held.n
    const touched = known === undefined ? undefined : journal.since(known)
    const isNews = touched === undefined || (service === undefined ? touched.keys.size > 0 : touched.names.has(service))
    if (!isNews) return { frame: prepared(changeFrame(view, index(), [])), isNews }
    // One name is cheaper sent whole than sought in the journal.
    if (service !== undefined) return { frame: prepared(snapshotFrame(view, index(), service)), isNews }
    if (touched !== undefined) return { frame: prepared(changeFrame(view, index(), touched.keys)), isNews }
    return { frame: snapshot(view), isNews }
  }

  // Newcomers come in crowds, after a restart above all: they share one text.
  function snapshot(view: View): Prepared {
    if (whole?.index !== index()) whole = prepared(snapshotFrame(view, index(), undefined))
    return whole
  }

  return {
    name: 'watch',
    start() {},
    stop() {
      hasEnded = true
      for (const watcher of [...ofAll, ...[...ofName.values()].flatMap((each) => [...each])]) watcher.end()
    },
    index,
    first,
    isFull: () => hasEnded || size >= maxWatchers,
    join(watcher) {
      const watchers = watcher.service === undefined ? ofAll : (ofName.get(watcher.service) ?? new Set())
      if (watcher.service !== undefined) ofName.set(watcher.service, watchers)
      watchers.add(watcher)
      gauge.set(++size)
      return () => {
        if (!watchers.delete(watcher)) return
        if (watcher.service !== undefined && watchers.size === 0) ofName.delete(watcher.service)
        gauge.set(--size)
      }
    },
  }
}

function prepared(frame: WatchFrame): Prepared {
  return { index: frame.index, text: JSON.stringify(frame) }
}
