import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'

/** `Kind namespace/name` of an object. */
export type SampleKey = string

/** Puts the samples into a folder of their own, with an EndpointSlice per running example: there is no Kubernetes to write them. */
export async function applySamples(
  from: string,
  target: string,
  running: ReadonlyMap<string, string>,
): Promise<readonly SampleKey[]> {
  await mkdir(target, { recursive: true })
  // Endpoints first: a service should not show up without.
  const slices = [...running].map(([name, url]) => stringify(sliceOf(name, new URL(url))))
  await writeFile(join(target, 'endpoints.yaml'), [NOTICE, slices.join('---\n')].join(''))
  await cp(from, target, { recursive: true })
  return keysIn(from)
}

/** Those of an earlier run: their endpoints are gone. */
export function removeSamples(target: string): Promise<void> {
  return rm(target, { recursive: true, force: true })
}

const NOTICE = `# Where the example services listen. This folder is written anew at each start.
`

function sliceOf(name: string, { hostname, port }: URL): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: Number(port) }],
    endpoints: [{ addresses: [hostname] }],
  }
}

async function keysIn(folder: string): Promise<readonly SampleKey[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((text) =>
    [parseAllDocuments(text)].flat().map((document) => {
      const { kind, metadata } = document.toJS() as { kind: string; metadata: { name: string; namespace?: string } }
      return `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`
    }),
  )
}
