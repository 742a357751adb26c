import type { Slice } from '#lib/model/slice.ts'
import { afterHealth, afterModel, type Difference, difference, EMPTY, type HealthOf, type View } from './view.ts'

/** One step of the directory: what watchers are told. */
export interface Step {
  readonly before: View
  readonly after: View
  /** Keys whose endpoints or their health differ, dropped ones included. */
  readonly changed: readonly string[]
}

/** Holds the view and replaces it: at once for the model, once a tick for soft state. */
export interface Directory {
  readonly view: () => View
  /** Whether the first copy of the model has come: nothing may be called unknown before. */
  readonly isFilled: () => boolean
  readonly apply: (slice: Slice<'registry'>) => void
  /** Soft state of this service's endpoints changed. */
  readonly touch: (key: string) => void
  readonly onStep: (listener: (step: Step) => void) => void
  /** Calls back after each model until the returned function is called, also when watchers are told nothing. */
  readonly onModel: (listener: (view: View) => void) => () => void
}

export interface DirectoryOptions {
  readonly healthOf: HealthOf
  /** Brings the holders of soft state in line, before the view is built from it. */
  readonly onDifference: (change: Difference) => void
}

export function createDirectory({ healthOf, onDifference }: DirectoryOptions): Directory {
  let view = EMPTY
  let isFilled = false
  let touched = new Set<string>()
  const stepListeners = new Set<(step: Step) => void>()
  const modelListeners = new Set<(view: View) => void>()

  function step(next: { readonly view: View; readonly changed: readonly string[] }): void {
    const before = view
    view = next.view
    if (next.changed.length === 0) return
    for (const listener of stepListeners) listener({ before, after: view, changed: next.changed })
  }

  function flush(): void {
    const keys = touched
    touched = new Set()
    step(afterHealth(view, keys, healthOf))
  }

  return {
    view: () => view,
    isFilled: () => isFilled,
    apply(slice) {
      const change = difference(view.entries, slice)
      onDifference(change)
      isFilled = true
      step(afterModel(view, change, healthOf))
      for (const listener of [...modelListeners]) listener(view)
    },
    touch(key) {
      if (touched.size === 0) setImmediate(flush)
      touched.add(key)
    },
    onStep: (listener) => void stepListeners.add(listener),
    onModel(listener) {
      modelListeners.add(listener)
      return () => modelListeners.delete(listener)
    },
  }
}
