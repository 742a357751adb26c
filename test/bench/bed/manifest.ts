import { API_VERSION } from '#controller/api/objects.ts'

export interface NewService {
  readonly name: string
  readonly url: string
  readonly path: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** A Service that is in the registry and behind the gateway. */
export function manifestOf({ name, url, path, annotations = {} }: NewService): object {
  return {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: { name, annotations },
    spec: { url, expose: { paths: [{ value: path }] } },
  }
}
