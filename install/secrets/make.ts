import { type Collection, pathTo } from '#lib/kube/paths.ts'
import { answered, type Kube } from '#lib/kube.ts'
import { valuesOf, type Wanted } from './wanted.ts'

const SECRETS: Collection = { group: '', version: 'v1', plural: 'secrets' }

/** Makes a Secret unless there is one: whatever it holds is in use. True when it was made. */
export async function make(
  kube: Pick<Kube, 'get' | 'create'>,
  namespace: string,
  wanted: Wanted,
  secretOf: (length: number) => string,
): Promise<boolean> {
  const { name, labels } = wanted
  if ((await kube.get(pathTo(SECRETS, namespace, name))) !== undefined) return false
  try {
    await kube.create(pathTo(SECRETS, namespace), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels },
      type: 'Opaque',
      stringData: valuesOf(wanted, secretOf),
    })
    return true
  } catch (error) {
    // Another run of the job was faster.
    if (answered(error, 409)) return false
    throw error
  }
}
