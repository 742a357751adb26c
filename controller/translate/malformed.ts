import type { ManagedObject } from '../api/objects.ts'
import { structuralFault } from '../api/structure.ts'

// A stored object never changes, so it is looked at once.
const known = new WeakMap<ManagedObject, string>()

/** What makes an object unreadable; undefined for one that can be translated. One that cannot affects only itself. */
export function malformed(object: ManagedObject): string | undefined {
  let fault = known.get(object)
  if (fault === undefined) {
    const violation = structuralFault(object)
    fault = violation === undefined ? '' : `${violation.field}: ${violation.message}`
    known.set(object, fault)
  }
  return fault === '' ? undefined : fault
}
