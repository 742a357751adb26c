import { deliver } from './deliver.ts'
import { judge } from './judge.ts'
import type { Outlet } from './outlet.ts'
import type { Delivery, Dropped, Plan, Ports, Remembered, StepTrace } from './plan.ts'
import type { Stage } from './stage.ts'
import { type Exit, type Sum, sumUp } from './sum.ts'
import { told } from './trace.ts'
import type { Work } from './work.ts'

/** The label of the destinations of messages that no case took. */
export const TO = 'to'

export interface CompiledRoute {
  readonly stages: readonly Stage[]
  /** By label: `to`, and each case of a route step. */
  readonly outlets: ReadonlyMap<string, readonly Outlet[]>
}

/** What a walk begins with. */
export interface Start {
  readonly works: readonly Work[]
  readonly taps: readonly Delivery[]
}

/**
 * Through the steps in their order, all parts of a message through one before the next:
 *
 *     works ─ step ─► works ─ step ─► works ─► to ─► deliveries
 *               │               └─ route ─► case ─►
 *               └─► drop · hold · fail
 *
 * All or nothing: where one part fails nothing is delivered, not even the copies for watchers.
 */
export async function walk(route: CompiledRoute, start: Start, ports: Ports): Promise<Plan> {
  const trace: StepTrace[] = []
  const exits: Exit[] = []
  let { works, taps } = start
  let remember: Remembered | undefined
  for (const stage of route.stages) {
    const startedAt = ports.monotonic()
    const verdicts = await judge(stage, works, ports)
    const seconds = (ports.monotonic() - startedAt) / 1_000
    trace.push({ step: stage.name, kind: stage.kind, seconds, ...told(verdicts, ports.withValues) })
    const sum = sumUp(verdicts)
    if (sum.failure) return { outcome: 'fail', failure: { ...sum.failure, step: stage.name }, trace }
    remember ??= sum.remember
    if (sum.taps.length > 0) taps = [...taps, ...sum.taps]
    if (sum.hold) return { outcome: 'hold', ...holding(sum.hold, taps), trace, ...(remember && { remember }) }
    exits.push(...sum.exits)
    works = sum.works
    if (works.length > 0) continue
    if (exits.length === 0) return dropped({ reason: sum.dropped ?? 'Filtered', step: stage.name }, taps, trace)
    break
  }
  const delivered = await deliver(route.outlets, [...exits, ...works.map((work) => ({ work, labels: [TO] }))])
  if (!delivered.ok) return { outcome: 'fail', failure: delivered.failure, trace }
  const deliveries = taps.length === 0 ? delivered.deliveries : [...taps, ...delivered.deliveries]
  return { outcome: 'deliver', deliveries, trace, ...(remember && { remember }) }
}

// A watcher asked for its copy before the message was dropped.
function dropped(dropped: Dropped, taps: readonly Delivery[], trace: readonly StepTrace[]): Plan {
  if (taps.length > 0) return { outcome: 'deliver', deliveries: taps, dropped, trace }
  return { outcome: 'drop', ...dropped, trace }
}

/** Copies for watchers go out with the group: at that moment the message is settled. */
function holding({ group, held }: NonNullable<Sum['hold']>, taps: readonly Delivery[]): NonNullable<Sum['hold']> {
  return { group, held: taps.length === 0 ? held : { ...held, taps } }
}
