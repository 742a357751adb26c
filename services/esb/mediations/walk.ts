import { failureOf } from './failure.ts'
import type { Failure } from './message.ts'
import type { Outlet } from './outlet.ts'
import type { Delivery, Plan, Ports, Remembered, StepTrace } from './plan.ts'
import type { Stage, Verdict } from './stage.ts'
import { told } from './trace.ts'
import type { Work } from './work.ts'

/** The label of the destinations of messages that no case took. */
export const TO = 'to'
const TO_ALONE: readonly string[] = [TO]

export interface CompiledRoute {
  readonly stages: readonly Stage[]
  /** By label: `to`, and each case of a route step. */
  readonly outlets: ReadonlyMap<string, readonly Outlet[]>
}

/** Where a walk stands: before the stage of that index, with what is left of the message and what goes out beside it. */
export interface Progress {
  readonly next: number
  readonly works: readonly Work[]
  readonly taps: readonly Delivery[]
  readonly remember?: Remembered
  readonly trace: readonly StepTrace[]
}

/**
 * Through the steps in their order, all parts of a message through one step before the next:
 *
 *     works ─ step ─► works ─ step ─► works ─► deliveries
 *               │
 *               └─► drop · hold · fail
 *
 * All or nothing: where one part fails, none is delivered, and neither are the copies for watchers.
 */
export async function walk(route: CompiledRoute, start: Progress, ports: Ports): Promise<Plan> {
  const trace = [...start.trace]
  let { works, taps, remember } = start
  for (let index = start.next; index < route.stages.length; index++) {
    const stage = route.stages[index] as Stage
    const startedAt = ports.monotonic()
    const verdicts = await judge(stage, works, ports)
    const seconds = (ports.monotonic() - startedAt) / 1_000
    trace.push({ step: stage.name, kind: stage.kind, seconds, ...told(verdicts, ports.withValues) })
    const sum = sumUp(verdicts)
    if (sum.failure) return { outcome: 'fail', failure: { ...sum.failure, step: stage.name }, trace }
    remember ??= sum.remember
    if (sum.taps.length > 0) taps = [...taps, ...sum.taps]
    if (sum.works.length === 0) return { outcome: 'drop', reason: sum.dropped ?? 'Filtered', step: stage.name, trace }
    works = sum.works
  }
  const delivered = await deliver(route, works)
  if (!delivered.ok) return { outcome: 'fail', failure: delivered.failure, trace }
  const deliveries = taps.length === 0 ? delivered.deliveries : [...taps, ...delivered.deliveries]
  return { outcome: 'deliver', deliveries, trace, ...(remember && { remember }) }
}

async function judge(stage: Stage, works: readonly Work[], ports: Ports): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const work of works) {
    const verdict = await judgeOne(stage, work, ports)
    verdicts.push(verdict)
    if (verdict.outcome === 'fail') break
  }
  return verdicts
}

async function judgeOne(stage: Stage, work: Work, ports: Ports): Promise<Verdict> {
  try {
    return await stage.run(work, ports)
  } catch (error) {
    const failure = failureOf(error)
    if (failure === undefined) throw error
    return { outcome: 'fail', failure, did: `failed: ${failure.message}` }
  }
}

interface Sum {
  readonly works: readonly Work[]
  readonly taps: readonly Delivery[]
  readonly remember?: Remembered
  readonly dropped?: 'Filtered' | 'Duplicate'
  readonly failure?: Failure
}

const NOTHING: readonly never[] = []

function sumUp(verdicts: readonly Verdict[]): Sum {
  const works: Work[] = []
  let taps: Delivery[] | undefined
  let remember: Remembered | undefined
  let dropped: Sum['dropped']
  for (const verdict of verdicts) {
    switch (verdict.outcome) {
      case 'next':
        works.push(verdict.work)
        if (verdict.tap) taps = [...(taps ?? []), verdict.tap]
        remember ??= verdict.remember
        break
      case 'split':
        works.push(...verdict.works)
        break
      case 'drop':
        dropped ??= verdict.reason
        break
      case 'fail':
        return { works, taps: NOTHING, failure: verdict.failure }
      default:
        return verdict satisfies never
    }
  }
  return { works, taps: taps ?? NOTHING, ...(remember && { remember }), ...(dropped && { dropped }) }
}

type Delivered =
  | { readonly ok: true; readonly deliveries: readonly Delivery[] }
  | { readonly ok: false; readonly failure: Failure }

async function deliver({ outlets }: CompiledRoute, works: readonly Work[]): Promise<Delivered> {
  const deliveries: Delivery[] = []
  try {
    for (const work of works)
      for (const label of work.taken.length === 0 ? TO_ALONE : work.taken)
        for (const outlet of outlets.get(label) ?? NOTHING) {
          const delivery = outlet(work)
          deliveries.push(delivery instanceof Promise ? await delivery : delivery)
        }
  } catch (error) {
    const failure = failureOf(error)
    if (failure === undefined) throw error
    return { ok: false, failure }
  }
  return { ok: true, deliveries }
}
