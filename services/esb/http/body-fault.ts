import type { ErrorObject } from 'ajv'

/** The first thing that a schema has against a body, as one line. */
export function bodyFault(errors: readonly ErrorObject[] | null | undefined): string {
  const [fault] = errors ?? []
  if (fault === undefined) return 'the body is not what is asked for'
  const { additionalProperty } = fault.params as { readonly additionalProperty?: unknown }
  if (typeof additionalProperty === 'string') return `"${additionalProperty}" is not known here`
  return `${fault.instancePath === '' ? 'the body' : fault.instancePath.slice(1)} ${fault.message}`
}
