import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { rendered } from './helm.ts'

/** An object as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // biome-ignore lint/suspicious/noExplicitAny: of any kind; tests look into what they know.
  readonly [field: string]: any
}

const folder = join(import.meta.dirname, '../golden/chart')

/** The sets of values that the chart is tested with, each a file: `<set>.values.yaml`. */
export const VALUE_SETS: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.values.yaml'))
  .map((name) => name.replace('.values.yaml', ''))

export function valuesOf(set: string): string {
  return join(folder, `${set}.values.yaml`)
}

export function goldenOf(set: string): string {
  return join(folder, `${set}.out.yaml`)
}

const made = new Map<string, Promise<readonly Manifest[]>>()

/** Every object that the chart makes of a set, hooks included; rendered once a process. */
export function objectsOf(set: string): Promise<readonly Manifest[]> {
  const known = made.get(set) ?? rendered({ values: valuesOf(set) }).then(manifestsIn)
  made.set(set, known)
  return known
}

export function manifestsIn(text: string): readonly Manifest[] {
  return [parseAllDocuments(text)].flat().flatMap((document) => (document.toJS() as Manifest | null) ?? [])
}

/** The pods that an object makes, or is. */
export function podOf({ kind, spec, metadata }: Manifest): Manifest | undefined {
  if (kind === 'Pod') return { apiVersion: 'v1', kind, metadata, spec }
  const template = spec?.template
  return template?.spec?.containers ? { apiVersion: 'v1', kind: 'Pod', ...template } : undefined
}
