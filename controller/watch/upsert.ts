import { SoaError } from '#lib/error.ts'
import { canonical } from '#lib/hash.ts'
import { type Collection, pathTo } from '#lib/kube/paths.ts'
import { answered, type Kube } from '#lib/kube.ts'
import { backoffMs } from '#lib/retry.ts'
import type { ManagedObject } from '../api/objects.ts'
import { withoutManagedFields } from './slim.ts'

const TRIES = 30
const BACKOFF = { baseMs: 10, maxMs: 500 }

/** Read, edit, write with the version that was read; a conflict begins anew, for a bounded number of times. */
export async function upsert<T extends ManagedObject>(
  kube: Pick<Kube, 'get' | 'create' | 'replace' | 'remove'>,
  collection: Collection,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  edit: (current: T | undefined) => T | undefined,
  random: () => number,
): Promise<void> {
  const one = pathTo(collection, namespace, name)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const stored = await kube.get<T>(one)
    const current = stored && withoutManagedFields(stored)
    try {
      return await write(kube, pathTo(collection, namespace), one, current, edit(current))
    } catch (error) {
      // 409: someone was faster, or it exists by now; 404: it is gone by now; 429: too many at once.
      if (!answered(error, 404, 409, 429) || isNamespaceMissing(error, namespace)) throw error
      const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs(BACKOFF, attempt, random))
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
  throw new SoaError('SOA_CONFLICT', `${namespace}/${name} changed ${TRIES} times while it was edited`, { status: 409 })
}

async function write<T extends ManagedObject>(
  kube: Pick<Kube, 'create' | 'replace' | 'remove'>,
  all: string,
  one: string,
  current: T | undefined,
  next: T | undefined,
): Promise<void> {
  if (next === undefined) return current && remove(kube, one, current)
  const { name, namespace, labels, annotations } = next.metadata
  const { apiVersion, kind, spec } = next
  if (current === undefined) {
    await kube.create(all, { apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec })
    return
  }
  const edited = { ...current, metadata: { ...current.metadata, labels, annotations }, spec }
  if (canonical(edited) !== canonical(current)) await kube.replace(one, edited)
}

async function remove(kube: Pick<Kube, 'remove'>, one: string, { metadata }: ManagedObject): Promise<void> {
  try {
    await kube.remove(one, { uid: metadata.uid, resourceVersion: metadata.resourceVersion })
  } catch (error) {
    if (!answered(error, 404)) throw error
  }
}

// A 404 that trying again cannot mend.
function isNamespaceMissing(error: Error, namespace: string): boolean {
  return error.message.includes(`namespaces "${namespace}" not found`)
}
