import type { ServiceObject } from '#controller/api/objects.ts'
import { pathTo } from '#lib/kube/paths.ts'
import { answered, createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { startApiServer } from '#test/kit/apiserver.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { manifestOf, type NewService } from './manifest.ts'

/** A real API server with the CRDs and a namespace for one benchmark. */
export interface KubeBed {
  readonly kubeconfig: string
  readonly namespace: string
  readonly create: (service: NewService) => Promise<void>
  /** Sets an annotation; gives the moment at which the write that counted was sent. */
  readonly annotate: (name: string, annotation: string, value: string) => Promise<number>
  readonly stop: () => Promise<void>
}

const SERVICES = { group: 'soaplane.dev', version: 'v1alpha1', plural: 'services' }

export async function startKubeBed(): Promise<KubeBed> {
  const server = await startApiServer()
  const kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  async function stop(): Promise<void> {
    await kube.close()
    await server.stop()
  }
  try {
    await installCrds(server.kubeconfigPath)
    const namespace = await freshNamespace(kube)
    return {
      kubeconfig: server.kubeconfigPath,
      namespace,
      create: async (service) => void (await kube.create(pathTo(SERVICES, namespace), manifestOf(service))),
      annotate: (name, annotation, value) => annotate(kube, pathTo(SERVICES, namespace, name), annotation, value),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const CONFLICT = 409
const TRIES = 20

// The status writer changes the same object: a conflict is read again and written again.
async function annotate(kube: Kube, path: string, annotation: string, value: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const current = await kube.get<ServiceObject>(path)
    if (current === undefined) throw new Error(`${path} is gone`)
    const annotations = { ...current.metadata.annotations, [annotation]: value }
    const sentAt = performance.now()
    try {
      await kube.replace(path, { ...current, metadata: { ...current.metadata, annotations } })
      return sentAt
    } catch (error) {
      if (!answered(error, CONFLICT) || attempt === TRIES) throw error
    }
  }
}
