import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** Copies k8s/samples into the watched folder, with an EndpointSlice per example service: there is no Kubernetes to write them. */
export async function applySamples(from: string, folder: string, running: ReadonlyMap<string, string>): Promise<void> {
  const target = join(folder, 'samples')
  await mkdir(target, { recursive: true })
  await writeFile(join(target, 'endpoints.yaml'), [...running].map(([name, url]) => stringify(sliceOf(name, new URL(url)))).join('---\n'))
  await cp(from, target, { recursive: true })
}

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
