import type { DestinationSpec, Spec, StepSpec } from './entry.ts'

/** A piece of a spec and where it stands, such as `spec.steps[1].filter`. */
export interface Placed<T> {
  readonly field: string
  readonly value: T
}

/** Every destination of a spec, in order. */
export function* destinationsOf({ steps, to }: Spec): Generator<Placed<DestinationSpec>> {
  for (const [i, { route, wireTap }] of steps.entries()) {
    const field = `spec.steps[${i}]`
    for (const [j, each] of (route?.cases ?? []).entries()) yield* placed(`${field}.route.cases[${j}].to`, each.to)
    if (wireTap?.to !== undefined) yield { field: `${field}.wireTap.to`, value: wireTap.to }
  }
  yield* placed('spec.to', to)
}

/** Every service that a spec calls, by its name in the registry. */
export function* servicesOf(spec: Spec): Generator<Placed<string>> {
  for (const [i, { enrich }] of spec.steps.entries())
    if (enrich !== undefined) yield { field: `spec.steps[${i}].enrich.service`, value: enrich.service }
  for (const { field, value } of destinationsOf(spec))
    if (value.service !== undefined) yield { field: `${field}.service.name`, value: value.service.name }
}

/** A template of a spec; `whole` where it must be one expression, since it is asked for a value. */
export interface TemplateAt extends Placed<string> {
  readonly whole: boolean
}

export function* templatesOf(spec: Spec): Generator<TemplateAt> {
  for (const [i, step] of spec.steps.entries()) yield* templatesOfStep(step, `spec.steps[${i}]`)
  for (const { field, value } of destinationsOf(spec)) yield* templatesOfDestination(value, field)
}

function* templatesOfStep(step: StepSpec, field: string): Generator<TemplateAt> {
  const { filter, transform, enrich, split, aggregate, route, dedupe } = step
  yield* text(`${field}.filter`, filter, true)
  yield* text(`${field}.transform.value`, transform?.value)
  yield* text(`${field}.enrich.path`, enrich?.path)
  yield* text(`${field}.enrich.body`, enrich?.body)
  yield* text(`${field}.enrich.value`, enrich?.value, true)
  yield* values(`${field}.enrich.headers`, enrich?.headers)
  yield* text(`${field}.split.items`, split?.items, true)
  yield* text(`${field}.aggregate.correlation`, aggregate?.correlation)
  yield* text(`${field}.aggregate.value`, aggregate?.value, true)
  for (const [j, { when }] of (route?.cases ?? []).entries()) yield* text(`${field}.route.cases[${j}].when`, when, true)
  yield* text(`${field}.dedupe.key`, dedupe?.key)
}

function* templatesOfDestination(
  { exchange, service, webSocket }: DestinationSpec,
  field: string,
): Generator<TemplateAt> {
  yield* text(`${field}.exchange.key`, exchange?.key)
  yield* text(`${field}.service.path`, service?.path)
  yield* values(`${field}.service.headers`, service?.headers)
  yield* text(`${field}.webSocket.channel`, webSocket?.channel)
}

function* text(field: string, value: string | undefined, whole = false): Generator<TemplateAt> {
  if (value !== undefined) yield { field, value, whole }
}

function* values(field: string, headers: readonly { readonly value: string }[] = []): Generator<TemplateAt> {
  for (const [i, { value }] of headers.entries()) yield* text(`${field}[${i}].value`, value)
}

function* placed<T>(field: string, list: readonly T[]): Generator<Placed<T>> {
  for (const [i, value] of list.entries()) yield { field: `${field}[${i}]`, value }
}
