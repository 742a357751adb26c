import type { RateLimit } from '#lib/model/gateway.ts'
import { parseLimit } from '#lib/model/limit.ts'
import type { ServiceObject } from '../api/objects.ts'

export const RATE_LIMIT_ANNOTATION = 'soaplane.dev/rate-limit'

/** What a Service's own rate-limit annotation comes to. */
export type AnnotatedLimit =
  | { readonly state: 'absent' }
  | { readonly state: 'valid'; readonly text: string; readonly limit: RateLimit }
  | {
      readonly state: 'invalid'
      readonly message: string
      readonly text: string | undefined
      readonly limit: RateLimit | undefined
    }

/** Reads the annotation; the text last in force stays known while it is the same Service. */
export function annotated(
  object: ServiceObject,
  last: { readonly object: ServiceObject; readonly annotated: AnnotatedLimit } | undefined,
): AnnotatedLimit {
  const isKnown = last?.object.metadata.uid === object.metadata.uid && last.annotated.state !== 'absent'
  const inForce = isKnown ? last.annotated.text : undefined
  return annotatedLimit(object, inForce ?? object.status?.lastGood?.rateLimit)
}

/** Reads the annotation; one that cannot be read leaves `lastGood` in force, so a slip never lifts a limit unseen. */
function annotatedLimit(service: ServiceObject, lastGood: string | undefined): AnnotatedLimit {
  const text = service.metadata.annotations?.[RATE_LIMIT_ANNOTATION]
  if (text === undefined) return { state: 'absent' }
  const limit = limitOf(service, text)
  if (limit !== undefined) return { state: 'valid', text, limit }
  const parsed = parseLimit(text)
  const why = parsed.ok ? '' : parsed.why
  const kept = lastGood === undefined ? undefined : limitOf(service, lastGood)
  const effect = kept === undefined ? 'no rate limit is in force' : `the last good value ${lastGood} stays in force`
  const message = `Annotation ${RATE_LIMIT_ANNOTATION}: "${text.slice(0, 64)}": ${why}; ${effect}`
  return { state: 'invalid', message, text: kept && lastGood, limit: kept }
}

function limitOf(service: ServiceObject, text: string): RateLimit | undefined {
  const parsed = parseLimit(text)
  if (!parsed.ok) return undefined
  return {
    id: `annotation/${service.metadata.uid}`,
    name: 'annotation',
    limit: parsed.limit,
    periodMs: parsed.periodMs,
    key: { by: 'global' },
    scope: 'cluster',
    onError: 'local',
    mode: 'Enforce',
  }
}
