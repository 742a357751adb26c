import type { RouteStep } from '#lib/model/esb.ts'
import type { Failure } from './message.ts'
import type { Delivery, Dropped, Group, Held, Ports, Remembered } from './plan.ts'
import type { Tools } from './tools.ts'
import type { Work } from './work.ts'

/** A compiled step. */
export interface Stage {
  readonly name: string
  readonly kind: RouteStep['kind']
  /** Parts of a message in hand at once; more than one only where the step waits for somebody. */
  readonly atOnce: number
  /** Answers at once where nothing has to be waited for. */
  readonly run: (work: Work, ports: Ports) => Verdict | Promise<Verdict>
  /** Of a step that holds messages: what becomes of a group. */
  readonly join?: (members: readonly Work[]) => Promise<Verdict>
}

/** What a step decided on one message. */
export type Verdict = { readonly /** One sentence. */ did: string } & (
  | {
      readonly outcome: 'next'
      readonly work: Work
      readonly taps?: readonly Delivery[]
      readonly remember?: Remembered
    }
  | { readonly outcome: 'split'; readonly works: readonly Work[] }
  /** It takes no further step: to the destinations of these labels. */
  | { readonly outcome: 'leave'; readonly work: Work; readonly labels: readonly string[] }
  | { readonly outcome: 'drop'; readonly reason: DropReason }
  | { readonly outcome: 'hold'; readonly group: Group; readonly held: Held }
  | { readonly outcome: 'fail'; readonly failure: Failure }
)

export type DropReason = Dropped['reason']

/** What a step is compiled with. */
export interface Workshop extends Tools {
  /** `namespace/object`. */
  readonly route: string
  readonly namespace: string
  readonly object: string
}

/** Makes the stage of a step; throws where an expression or a schema does not compile. */
export type Compile<Kind extends RouteStep['kind']> = (
  step: Extract<RouteStep, { kind: Kind }>,
  workshop: Workshop,
) => Stage
