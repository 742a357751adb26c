import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { writeEndpoints } from './endpoints.ts'

/** `Kind namespace/name` of an object. */
export type SampleKey = string

export interface Surroundings {
  /** URLs of the example services by name. */
  readonly running: ReadonlyMap<string, string>
  /** Whether there is a bus: without one no message route could become ready. */
  readonly bus: boolean
}

/** Puts the samples into a folder of their own, with an EndpointSlice per running example. */
export async function applySamples(
  from: string,
  target: string,
  { running, bus }: Surroundings,
): Promise<readonly SampleKey[]> {
  await mkdir(target, { recursive: true })
  // Endpoints first: a service should not show up without.
  await writeEndpoints(join(target, 'endpoints.yaml'), 'Where the example services listen', running)
  const keys: SampleKey[] = []
  for (const file of (await readdir(from)).filter((name) => name.endsWith('.yaml')).sort()) {
    const objects = await objectsIn(join(from, file))
    if (!bus && objects.some(({ kind }) => kind === 'MessageRoute')) continue
    await copyFile(join(from, file), join(target, file))
    keys.push(...objects.map(keyOf))
  }
  return keys
}

/** Those of an earlier run: their endpoints are gone. */
export function removeSamples(target: string): Promise<void> {
  return rm(target, { recursive: true, force: true })
}

interface Sample {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

async function objectsIn(file: string): Promise<readonly Sample[]> {
  return [parseAllDocuments(await readFile(file, 'utf8'))].flat().map((document) => document.toJS() as Sample)
}

function keyOf({ kind, metadata: { name, namespace = 'default' } }: Sample): SampleKey {
  return `${kind} ${namespace}/${name}`
}
