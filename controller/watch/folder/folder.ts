import { mkdir, readFile as readText, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { watch } from 'chokidar'
import { stringify } from 'yaml'
import { reasonOf, SoaError } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { Part } from '#lib/run.ts'
import { API_VERSION, keyOf, type ManagedObject, type ServiceObject } from '../../api/objects.ts'
import type { Changed, Source, World } from '../source.ts'
import { contentsOf, type FolderContents, type FolderFile, type FolderObject, keepingGood } from './contents.ts'
import { type FileError, readFile, sayError } from './file.ts'

export interface FolderOptions {
  readonly folder: string
  readonly defaultNamespace: string
  readonly log: Log
}

export interface FolderSource extends Source {
  readonly errors: () => readonly FileError[]
}

const REGISTERED = 'registered'
const isManifest = (path: string) => /\.(ya?ml|json)$/.test(path)

/** A watched directory of YAML as a source: the same objects, defaults and checks as the API server's, one process, always leading. */
export function folderSource({ folder, defaultNamespace, log }: FolderOptions): FolderSource {
  const files = new Map<string, FolderFile>()
  const listeners = new Set<(what: Changed) => void>()
  /** Of an object whose status was written: the one in the world. */
  const desired = new WeakMap<FolderObject, FolderObject>()
  let contents: FolderContents = { objects: new Map(), errors: [] }
  let world: World | undefined
  let synced = false
  let writes: Promise<unknown> = Promise.resolve()

  function refresh(): void {
    const next = contentsOf(files, contents.objects)
    const known = new Set(contents.errors.map(sayError))
    for (const error of next.errors) if (!known.has(sayError(error))) log.warn(error, 'Document refused')
    contents = next
    world = undefined
    changed('desired')
  }

  function changed(what: Changed): void {
    if (synced) for (const listener of listeners) listener(what)
  }

  function inWorld(object: FolderObject): FolderObject {
    return desired.get(object) ?? object
  }

  async function ingest(path: string): Promise<void> {
    const name = relative(folder, path)
    const [text, times] = await Promise.all([readText(path, 'utf8'), stat(path)])
    const since = files.get(name)?.since ?? new Date(times.birthtimeMs || times.mtimeMs).toISOString()
    files.set(name, keepingGood({ ...readFile(name, text, defaultNamespace), since }, files.get(name)))
  }

  async function onFile(path: string): Promise<void> {
    try {
      await ingest(path)
    } catch (error) {
      // Gone again before it was read: its unlink event follows. Anything else is worth a line.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.warn({ file: path, error: reasonOf(error) }, 'File cannot be read')
      return
    }
    if (synced) refresh()
  }

  function onGone(path: string): void {
    if (files.delete(relative(folder, path)) && synced) refresh()
  }

  const watching = watcher()

  function watcher(): Part {
    let watched: ReturnType<typeof watch> | undefined
    return {
      name: 'folder',
      async start() {
        await mkdir(join(folder, REGISTERED), { recursive: true })
        const first: Promise<void>[] = []
        await new Promise<void>((resolve, reject) => {
          watched = watch(folder, {
            ignored: (path, stats) => hidden(folder, path) || (stats?.isFile() === true && !isManifest(path)),
          })
          watched.on('add', (path) => void first.push(onFile(path)))
          watched.on('change', (path) => void onFile(path))
          watched.on('unlink', onGone)
          watched.on('error', (error) =>
            synced ? log.error({ error: reasonOf(error) }, 'Folder watch failed') : reject(error),
          )
          watched.on('ready', resolve)
        }).catch((cause) => {
          throw new SoaError('SOA_SOURCE_FAILED', `Folder ${folder} cannot be watched`, { cause })
        })
        await Promise.all(first)
        synced = true
        refresh()
      },
      stop: () => watched?.close(),
    }
  }

  async function upsert(namespace: string, name: string, edit: Parameters<Source['upsertService']>[2]): Promise<void> {
    const current = contents.objects.get(`Service/${namespace}/${name}`) as ServiceObject | undefined
    const next = edit(current)
    const path = join(folder, REGISTERED, `${namespace}.${name}.yaml`)
    if (next === current) return
    if (next === undefined) {
      await rm(path, { force: true })
      onGone(path)
      return
    }
    await mkdir(join(folder, REGISTERED), { recursive: true })
    // Renamed into place: a reader never meets half a file.
    await writeFile(`${path}.tmp`, manifestOf(next))
    await rename(`${path}.tmp`, path)
    await onFile(path)
  }

  return {
    parts: [watching],
    world() {
      world ??= worldOf([...contents.objects.values()].map(inWorld))
      return world
    },
    *objects() {
      for (const object of contents.objects.values()) if (object.kind !== 'EndpointSlice') yield object
    },
    stored(object) {
      const current = contents.objects.get(identityOf(object))
      return current !== undefined && inWorld(current) === object ? (current as ManagedObject) : undefined
    },
    onChange: (listener) => void listeners.add(listener),
    synced: () => synced,
    leads: () => true,
    onLead: (listener) => listener(true),
    errors: () => contents.errors,
    upsertService(namespace, name, edit) {
      // One after the other: each edit sees the one before.
      const done = writes.then(() => upsert(namespace, name, edit))
      writes = done.catch(() => undefined)
      return done
    },
    async writeStatus(object, status) {
      const key = identityOf(object)
      const current = contents.objects.get(key)
      if (current === undefined || current.metadata.resourceVersion !== object.metadata.resourceVersion) return false
      const revision = Number(current.metadata.resourceVersion.split('-')[1] ?? 0) + 1
      const resourceVersion = `${current.metadata.resourceVersion.split('-')[0]}-${revision}`
      const next = { ...current, metadata: { ...current.metadata, resourceVersion }, status } as ManagedObject
      desired.set(next, inWorld(current))
      contents.objects.set(key, next)
      changed('status')
      return true
    },
    async recordEvent({ kind, metadata: { namespace, name } }, { type, reason, message }) {
      log[type === 'Warning' ? 'warn' : 'info']({ kind, namespace, name, reason, message }, 'Event')
    },
  }
}

function hidden(folder: string, path: string): boolean {
  return relative(folder, path)
    .split('/')
    .some((part) => part.startsWith('.') && part !== '..' && part !== '.')
}

function identityOf(object: ManagedObject): string {
  return `${object.kind}/${keyOf(object)}`
}

function worldOf(objects: Iterable<FolderObject>): World {
  const services = new Map()
  const policies = new Map()
  const messageRoutes = new Map()
  const endpointSlices = new Map()
  const byKind = { Service: services, Policy: policies, MessageRoute: messageRoutes, EndpointSlice: endpointSlices }
  for (const object of objects) byKind[object.kind].set(keyOf(object), object)
  return { services, policies, messageRoutes, endpointSlices }
}

function manifestOf({ kind, metadata: { name, namespace, labels, annotations }, spec }: ServiceObject): string {
  const metadata = { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) }
  return stringify({ apiVersion: API_VERSION, kind, metadata, spec })
}
