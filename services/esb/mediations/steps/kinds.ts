import type { RouteStep } from '#lib/model/esb.ts'
import type { Compile, Stage, Workshop } from '../stage.ts'
import { filter } from './filter.ts'
import { route } from './route.ts'
import { transform } from './transform.ts'

/** Each kind of step and what compiles it: a new kind is a file here and a line. */
const KINDS: { readonly [Kind in RouteStep['kind']]?: Compile<Kind> } = {
  filter,
  transform,
  route,
}

export function compileStep(step: RouteStep, workshop: Workshop): Stage {
  // The table pairs each kind with its own steps, which indexing by a union cannot say.
  const compile = KINDS[step.kind] as Compile<RouteStep['kind']> | undefined
  if (compile === undefined) throw new Error(`Steps of kind ${step.kind} are not built yet`)
  return compile(step, workshop)
}
