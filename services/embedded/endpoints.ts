import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { stringify } from 'yaml'

/** Writes an EndpointSlice for each core Service: there is no Kubernetes to do it. */
export async function writeEndpoints(
  file: string,
  about: string,
  urls: Iterable<readonly [service: string, url: string]>,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const slices = [...urls].map(([service, url]) => stringify(sliceOf(service, new URL(url))))
  await writeFile(file, [`# ${about}. This folder is written anew at each start.\n`, slices.join('---\n')].join(''))
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
