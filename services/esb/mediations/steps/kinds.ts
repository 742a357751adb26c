import type { RouteStep } from '#lib/model/esb.ts'
import type { Compile, Stage, Workshop } from '../stage.ts'
import { aggregate } from './aggregate.ts'
import { dedupe } from './dedupe.ts'
import { enrich } from './enrich.ts'
import { filter } from './filter.ts'
import { route } from './route.ts'
import { split } from './split.ts'
import { throttle } from './throttle.ts'
import { transform } from './transform.ts'
import { validate } from './validate.ts'
import { wireTap } from './wire-tap.ts'

/** Each kind of step and what compiles it: a new kind is a file here and a line. */
const KINDS: { readonly [Kind in RouteStep['kind']]: Compile<Kind> } = {
  filter,
  validate,
  transform,
  enrich,
  split,
  aggregate,
  route,
  wireTap,
  throttle,
  dedupe,
}

export function compileStep(step: RouteStep, workshop: Workshop): Stage {
  // The table pairs each kind with its own steps, which indexing by a union cannot say.
  return (KINDS[step.kind] as Compile<RouteStep['kind']>)(step, workshop)
}
