import { contentHash } from '#lib/hash.ts'
import type { EndpointSlice, ManagedObject, ServiceObject } from '../../api/objects.ts'
import type { Document } from '../../api/validate.ts'
import type { FileContent, FileError } from './file.ts'

/** A file as last read; `since` is when it was first seen, ISO 8601. */
export interface FolderFile extends FileContent {
  readonly since: string
}

export type FolderObject = ManagedObject | (EndpointSlice & { readonly kind: 'EndpointSlice' })

export interface FolderContents {
  /** Keyed by `Kind/namespace/name`. */
  readonly objects: Map<string, FolderObject>
  readonly errors: readonly FileError[]
}

/**
 * All files' objects, as an API server would hold them: the first file (by path) that names an object holds it, a
 * generation counts spec changes, and a document that broke leaves its last good object in place.
 */
export function contentsOf(
  files: ReadonlyMap<string, FolderFile>,
  last: ReadonlyMap<string, FolderObject>,
): FolderContents {
  const objects = new Map<string, FolderObject>()
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
  return `${kind}/${metadata.namespace}/${metadata.name}`
}

// A document is never changed once read, so its hashes are computed once.
const hashes = new WeakMap<Document, { readonly body: string; readonly whole: string }>()

function hashesOf(document: Document): { readonly body: string; readonly whole: string } {
  const known = hashes.get(document)
  if (known !== undefined) return known
  const body = contentHash(document.body)
  const made = { body, whole: contentHash([document.metadata, body]) }
  hashes.set(document, made)
  return made
}

function objectOf(document: Document, last: FolderObject | undefined, since: string): FolderObject {
  const { apiVersion, kind, metadata, body } = document
  const { body: bodyHash, whole: resourceVersion } = hashesOf(document)
  if (last?.metadata.resourceVersion.startsWith(resourceVersion)) return last
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    metadata: lastMetadata,
    status,
    ...lastBody
  } = (last ?? {}) as Partial<ServiceObject>
  const sameBody = lastMetadata !== undefined && contentHash(lastBody) === bodyHash
  return {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      // The same object of the same folder keeps its counters over restarts.
      uid: lastMetadata?.uid ?? contentHash([kind, metadata.namespace, metadata.name]),
      generation: lastMetadata === undefined ? 1 : lastMetadata.generation + (sameBody ? 0 : 1),
      resourceVersion,
      creationTimestamp: lastMetadata?.creationTimestamp ?? since,
    },
    ...body,
    ...(status && { status }),
  } as unknown as FolderObject
}
