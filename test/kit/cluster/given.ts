import { kubectl } from '../kubectl.ts'
import type { Cluster } from './facts.ts'

/** A cluster that is somebody's: used, never stopped. */
export async function givenCluster(kubeconfigPath: string): Promise<Cluster> {
  return {
    source: 'given',
    kubeconfigPath,
    nodeAddress: await nodeAddress(kubeconfigPath),
    isHermetic: false,
    handle: kubeconfigPath,
    stop: async () => {},
  }
}

/** The first node's internal address: where NodePorts answer whoever shares a network with it. */
export function nodeAddress(kubeconfig: string): Promise<string> {
  const path = '{.items[0].status.addresses[?(@.type=="InternalIP")].address}'
  return kubectl(['get', 'nodes', '--output', `jsonpath=${path}`], { kubeconfig })
}
