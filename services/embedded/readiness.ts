import type { ManagedObject } from '#controller/api/objects.ts'
import { keyOf } from '#controller/api/objects.ts'
import { pause } from '#lib/kube/pause.ts'
import type { Part } from '#lib/run.ts'
import type { SampleKey } from './samples.ts'

const LOOK_MS = 50

export interface Patience {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Waits until there is no reason left; gives those that were left at the deadline. */
export async function reasonsLeft(
  reasons: () => readonly string[],
  { timeoutMs, signal }: Patience,
): Promise<readonly string[]> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const left = reasons()
    if (left.length === 0 || signal.aborted || performance.now() > deadline) return left
    await pause(LOOK_MS, signal)
  }
}

/** Why these parts are not ready. */
export function reasonsOf(parts: readonly Part[]): readonly string[] {
  return parts.flatMap(({ name, unready }) => {
    const reason = unready?.()
    return reason === undefined ? [] : [`${name}: ${reason}`]
  })
}

/** Which of these objects are not Ready, and why; `stored` are all there are, with their newest statuses. */
export function notReady(stored: Iterable<ManagedObject>, keys: readonly SampleKey[]): readonly string[] {
  const objects = new Map<SampleKey, ManagedObject>()
  for (const object of stored) objects.set(`${object.kind} ${keyOf(object)}`, object)
  return keys.flatMap((key) => whyNot(key, objects.get(key)))
}

function whyNot(key: SampleKey, object: ManagedObject | undefined): readonly string[] {
  const ready = object?.status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready?.status === 'True') return []
  return [`${key}: ${ready === undefined ? 'not read yet' : `${ready.reason}: ${ready.message}`}`]
}
