import { contentHash } from '#lib/hash.ts'
import { API_VERSION, type ManagedObject, type PolicyObject, type ServiceObject } from '../../api/objects.ts'
import type { Document } from '../../api/validate.ts'
import type { FileContent, FileError } from './file.ts'

/** A file as last read; `since` is when it was first seen, ISO 8601. */
export interface FolderFile extends FileContent {
  readonly since: string
}

export interface FolderContents {
  /** Keyed by `Kind/namespace/name`. */
  readonly objects: Map<string, ManagedObject>
  readonly errors: readonly FileError[]
}

/**
 * All files' objects, as an API server would hold them: the first file (by path) that names an object holds it, a
 * generation counts spec changes, and a document that broke leaves its last good object in place.
 */
export function contentsOf(
  files: ReadonlyMap<string, FolderFile>,
  last: ReadonlyMap<string, ManagedObject>,
): FolderContents {
  const objects = new Map<string, ManagedObject>()
  const owners = new Map<string, string>()
  const errors: FileError[] = []
  for (const [path, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    errors.push(...file.errors)
    for (const [i, document] of file.documents.entries()) {
      const key = identity(document)
      const owner = owners.get(key)
      if (owner !== undefined) {
        errors.push({
          file: path,
          document: i + 1,
          object: key,
          field: 'metadata.name',
          message: `${key} is held by ${owner}; rename or remove one`,
        })
        continue
      }
      owners.set(key, path)
      objects.set(key, objectOf(document, last.get(key), file.since))
    }
  }
  for (const { object } of errors) {
    const kept = object === undefined ? undefined : last.get(object)
    if (object !== undefined && kept !== undefined && !objects.has(object)) objects.set(object, kept)
  }
  return { objects, errors }
}

/** A file that no longer parses keeps the documents it last had, but for those it names anew. */
export function keepingGood(next: FolderFile, last: FolderFile | undefined): FolderFile {
  const unreadable = next.errors.some((error) => error.object === undefined)
  if (!unreadable || last === undefined) return next
  const named = new Set(next.documents.map(identity))
  return { ...next, documents: [...next.documents, ...last.documents.filter((each) => !named.has(identity(each)))] }
}

function identity({ kind, metadata }: Document): string {
  return `${kind.kind}/${metadata.namespace}/${metadata.name}`
}

// A document is never changed once read, so its hashes are computed once.
const hashes = new WeakMap<Document, { readonly spec: string; readonly whole: string }>()

function hashesOf(document: Document): { readonly spec: string; readonly whole: string } {
  const known = hashes.get(document)
  if (known !== undefined) return known
  const spec = contentHash(document.spec)
  const made = { spec, whole: contentHash([document.metadata, spec]) }
  hashes.set(document, made)
  return made
}

function objectOf(document: Document, last: ManagedObject | undefined, since: string): ManagedObject {
  const { kind, metadata, spec } = document
  const { spec: specHash, whole: resourceVersion } = hashesOf(document)
  if (last?.metadata.resourceVersion.startsWith(resourceVersion)) return last
  const sameSpec = last !== undefined && contentHash(last.spec) === specHash
  const generation = last === undefined ? 1 : last.metadata.generation + (sameSpec ? 0 : 1)
  return {
    apiVersion: API_VERSION,
    kind: kind.kind,
    metadata: {
      ...metadata,
      // The same object of the same folder keeps its counters over restarts.
      uid: last?.metadata.uid ?? contentHash([kind.kind, metadata.namespace, metadata.name]),
      generation,
      resourceVersion,
      creationTimestamp: last?.metadata.creationTimestamp ?? since,
    },
    spec,
    ...(last?.status && { status: last.status }),
  } as unknown as ServiceObject | PolicyObject
}
