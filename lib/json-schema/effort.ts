import { isHarmless } from '#lib/pattern.ts'

/** More places than any schema of a message has; each may be asked of each item of a list. */
const MAX_EFFORT = 5_000
const MAX_UNIQUE = 1_000
const BY_NAME = ['$dynamicRef', '$dynamicAnchor', '$anchor', '$id']

/**
 * Why a validation may take long, or for ever, whatever the value; undefined when it takes time in proportion to the value.
 * It is a walk over everything in the schema: what stands in an example or a default counts too, and at worst sends to a
 * worker what would not have needed it.
 */
export function whyLong(schema: unknown): string | undefined {
  let reason: string | undefined
  const seen = new Map<object, number>()

  function because(why: string): void {
    reason ??= why
  }

  function effortOf(node: unknown): number {
    if (typeof node !== 'object' || node === null) return 1
    const known = seen.get(node)
    if (known !== undefined) return known
    // Met again before it is known: it refers to itself.
    seen.set(node, Number.POSITIVE_INFINITY)
    judge(node as Readonly<Record<string, unknown>>, node === schema)
    let effort = 1
    for (const inner of Object.values(node)) effort += effortOf(inner)
    if ('$ref' in node && typeof node.$ref === 'string') effort += effortOf(targetOf(node.$ref))
    seen.set(node, effort)
    return effort
  }

  function judge(node: Readonly<Record<string, unknown>>, isRoot: boolean): void {
    const patterns = isObject(node.patternProperties) ? Object.keys(node.patternProperties) : []
    if (typeof node.pattern === 'string') patterns.push(node.pattern)
    // Ajv compiles them with this flag.
    if (!patterns.every((pattern) => isHarmless(pattern, 'u'))) because('a pattern that may backtrack')
    // Each item is compared with each.
    if (node.uniqueItems === true && !(Number(node.maxItems) <= MAX_UNIQUE)) because('uniqueItems without a maxItems')
    if (BY_NAME.some((key) => typeof node[key] === 'string' && !(isRoot && key === '$id')))
      because('references by name')
  }

  /** What a JSON pointer leads to; anything else is a name. */
  function targetOf(reference: string): unknown {
    if (!/^#(\/|$)/.test(reference)) because('references by name')
    let target = schema
    for (const segment of reference.slice(1).split('/').slice(1))
      target =
        isObject(target) || Array.isArray(target) ? (target as Record<string, unknown>)[keyOf(segment)] : undefined
    return target
  }

  const effort = effortOf(schema)
  // Where a schema refers to itself more than once each level of the value doubles the work.
  if (effort === Number.POSITIVE_INFINITY) because('a reference to itself')
  if (effort > MAX_EFFORT) because('its references multiply')
  return reason
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// A pointer in a URI is percent-encoded; one that is not properly so leads nowhere, as ajv said before.
function keyOf(segment: string): string {
  const pointer = /%(?![0-9a-f]{2})/i.test(segment) ? segment : decodeURIComponent(segment)
  return pointer.replaceAll('~1', '/').replaceAll('~0', '~')
}
