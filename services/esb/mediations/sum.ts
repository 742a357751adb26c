import type { Failure } from './message.ts'
import type { Delivery, Group, Held, Remembered } from './plan.ts'
import type { DropReason, Verdict } from './stage.ts'
import type { Work } from './work.ts'

/** A message that is through with steps, and the lists of destinations that it goes to. */
export interface Exit {
  readonly work: Work
  readonly labels: readonly string[]
}

/** What the verdicts of a step on all parts of a message come to. */
export interface Sum {
  readonly works: readonly Work[]
  readonly exits: readonly Exit[]
  readonly taps: readonly Delivery[]
  readonly remember?: Remembered | undefined
  readonly dropped?: DropReason | undefined
  readonly hold?: { readonly group: Group; readonly held: Held } | undefined
  readonly failure?: Failure | undefined
}

const NOTHING: Sum = { works: [], exits: [], taps: [] }

export function sumUp(verdicts: readonly Verdict[]): Sum {
  const [only] = verdicts
  if (verdicts.length === 1 && only !== undefined) return sumOf(only)
  const sums = verdicts.map(sumOf)
  return {
    works: sums.flatMap(({ works }) => works),
    exits: sums.flatMap(({ exits }) => exits),
    taps: sums.flatMap(({ taps }) => taps),
    // Steps that remember or hold stand before any split, so that there is but one of each.
    remember: sums.find(({ remember }) => remember)?.remember,
    dropped: sums.find(({ dropped }) => dropped)?.dropped,
    hold: sums.find(({ hold }) => hold)?.hold,
    failure: sums.find(({ failure }) => failure)?.failure,
  }
}

function sumOf(verdict: Verdict): Sum {
  switch (verdict.outcome) {
    case 'next':
      return {
        works: [verdict.work],
        exits: NOTHING.exits,
        taps: verdict.taps ?? NOTHING.taps,
        remember: verdict.remember,
      }
    case 'split':
      return { ...NOTHING, works: verdict.works }
    case 'leave':
      return { ...NOTHING, exits: [{ work: verdict.work, labels: verdict.labels }] }
    case 'drop':
      return { ...NOTHING, dropped: verdict.reason }
    case 'hold':
      return { ...NOTHING, hold: verdict }
    case 'fail':
      return { ...NOTHING, failure: verdict.failure }
    default:
      return verdict satisfies never
  }
}
