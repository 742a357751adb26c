import type { Cluster, ClusterFacts } from './facts.ts'
import { givenCluster } from './given.ts'
import { kindCluster, kindIsThere, loadIntoKind } from './kind.ts'
import { loadIntoMinikube, minikubeCluster, minikubeIsThere } from './minikube.ts'
import { missing } from './missing.ts'
import { loadIntoOwn } from './own/handle.ts'
import { startOwnCluster } from './own/start.ts'

/** The cluster that is given, else one of kind, else one of minikube, else a node of real components on this machine. */
export async function startCluster(): Promise<Cluster> {
  const given = process.env.SOAPLANE_TEST_KUBECONFIG
  if (given) return givenCluster(given)
  if (await kindIsThere()) return kindCluster()
  if (await minikubeIsThere()) return minikubeCluster()
  const why = missing()
  if (why !== undefined) throw new Error(why)
  return startOwnCluster()
}

/** Puts the image of a docker archive on the nodes, under the name that the archive gives it. */
export async function loadImage(cluster: ClusterFacts, archive: string): Promise<void> {
  switch (cluster.source) {
    case 'given':
      // Whoever gives a cluster has put the images where its nodes find them; a pod that lacks one says so.
      return
    case 'kind':
      return loadIntoKind(cluster.handle, archive)
    case 'minikube':
      return loadIntoMinikube(cluster.handle, archive)
    case 'own':
      return loadIntoOwn(cluster.handle, archive)
    default:
      return cluster.source satisfies never
  }
}
