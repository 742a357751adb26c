import type { WatchFrame } from '#lib/discovery.ts'
import type { ServiceHealth } from '#lib/model/health.ts'
import type { Step } from '../directory/directory.ts'
import type { View } from '../directory/view.ts'

/** Everything, or everything of one name. */
export function snapshotFrame(view: View, index: string, service: string | undefined): WatchFrame {
  const keys = service === undefined ? view.services.keys() : (view.keysByName.get(service) ?? [])
  return { type: 'snapshot', index, services: presentOf(view, keys) }
}

/** What these keys are now; those that are no more are dropped. */
export function changeFrame(view: View, index: string, keys: Iterable<string>): WatchFrame {
  const all = [...keys]
  return { type: 'change', index, put: presentOf(view, all), drop: all.filter((key) => !view.services.has(key)) }
}

/** A step as the watchers of single names see it, by name: a renamed service is dropped for one and put for the other. */
export function changesByName({ before, after, changed }: Step, index: string): ReadonlyMap<string, WatchFrame> {
  const frames = new Map<string, { type: 'change'; index: string; put: ServiceHealth[]; drop: string[] }>()
  const frameOf = (name: string) => {
    const frame = frames.get(name) ?? { type: 'change', index, put: [], drop: [] }
    frames.set(name, frame)
    return frame
  }
  for (const key of changed) {
    const was = before.services.get(key)
    const is = after.services.get(key)
    if (is !== undefined) frameOf(is.name).put.push(is)
    if (was !== undefined && was.name !== is?.name) frameOf(was.name).drop.push(key)
  }
  return frames
}

function presentOf(view: View, keys: Iterable<string>): readonly ServiceHealth[] {
  const found: ServiceHealth[] = []
  for (const key of keys) {
    const service = view.services.get(key)
    if (service !== undefined) found.push(service)
  }
  return found
}
