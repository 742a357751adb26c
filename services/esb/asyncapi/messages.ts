import type { MessageRouteEntry, RouteStep } from '#lib/model/esb.ts'

/** A message of the document. */
export interface DocumentMessage {
  readonly name: string
  readonly title: string
  readonly payload?: object
}

/** What a route takes: its first schema says so, where nothing has changed the body before. */
export function takenBy({ namespace, object, steps }: MessageRouteEntry): DocumentMessage {
  const name = `${namespace}.${object}`
  return { name, title: `What route ${object} takes`, ...payloadOf(schemaBeforeChange(steps)) }
}

/** What a route gives: of the same schema as long as no step makes another body of it. */
export function givenBy({ namespace, object, steps }: MessageRouteEntry): DocumentMessage {
  const name = `${namespace}.${object}.out`
  const schema = steps.some(changes) ? schemaAfterChange(steps) : schemaBeforeChange(steps)
  return { name, title: `What route ${object} gives`, ...payloadOf(schema) }
}

function schemaBeforeChange(steps: readonly RouteStep[]): object | undefined {
  const change = steps.findIndex(changes)
  return steps.slice(0, change < 0 ? steps.length : change).find((step) => step.kind === 'validate')?.schema
}

function schemaAfterChange(steps: readonly RouteStep[]): object | undefined {
  return steps.slice(steps.findLastIndex(changes) + 1).find((step) => step.kind === 'validate')?.schema
}

/** Whether the body after the step is another one. */
function changes({ kind }: RouteStep): boolean {
  return kind === 'transform' || kind === 'enrich' || kind === 'split' || kind === 'aggregate'
}

function payloadOf(schema: object | undefined): { readonly payload?: object } {
  if (schema === undefined) return {}
  return { payload: { schemaFormat: 'application/schema+json;version=2020-12', schema } }
}
