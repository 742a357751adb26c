/** A signal that is given after `ms` or with its parent (AbortSignal.any would hold on to a long-lived parent). */
export interface Deadline {
  readonly signal: AbortSignal
  /** Takes the clock away and keeps the parent: what was waited for has begun. */
  readonly met: () => void
  /** Frees both. */
  readonly end: () => void
}

export function deadline(ms: number, parent?: AbortSignal): Deadline {
  const own = new AbortController()
  const timer = setTimeout(() => own.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError')), ms)
  const onParent = () => own.abort(parent?.reason)
  if (parent?.aborted) onParent()
  parent?.addEventListener('abort', onParent, { once: true })
  return {
    signal: own.signal,
    met: () => clearTimeout(timer),
    end() {
      clearTimeout(timer)
      parent?.removeEventListener('abort', onParent)
    },
  }
}

/** The promise, unless the signal comes first: for work that takes no signal itself. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
