import { randomBytes } from 'node:crypto'
import type { Kube } from '#lib/kube.ts'

/** A namespace of the test's own: a given cluster may hold other things. */
export async function freshNamespace(kube: Kube): Promise<string> {
  const name = `soaplane-test-${randomBytes(4).toString('hex')}`
  await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  return name
}
