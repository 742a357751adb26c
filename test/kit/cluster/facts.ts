/** What one process tells another of a cluster: enough to use it, not to stop it. */
export interface ClusterFacts {
  readonly source: 'given' | 'kind' | 'minikube' | 'own'
  readonly kubeconfigPath: string
  /** Where NodePorts answer this machine. */
  readonly nodeAddress: string
  /** Nothing can be pulled in it: each image must be loaded. */
  readonly isHermetic: boolean
  /** By which its source finds it again: a profile's name, a state folder. */
  readonly handle: string
}

export interface Cluster extends ClusterFacts {
  /** Leaves nothing of what was started; a given cluster stays. */
  readonly stop: () => Promise<void>
}
