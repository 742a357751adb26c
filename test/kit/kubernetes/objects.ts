import { API_VERSION, type ServiceObject } from '#controller/api/objects.ts'

/** A Service as a user would write it. */
export function serviceIn(namespace: string, name: string, annotations: Record<string, string> = {}): ServiceObject {
  const metadata = { name, namespace, annotations } as unknown as ServiceObject['metadata']
  return {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata,
    spec: { url: `http://${name}.example:80` },
  } as ServiceObject
}
