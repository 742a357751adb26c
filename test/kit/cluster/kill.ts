import { kubectl } from '../kubectl.ts'
import type { ClusterFacts } from './facts.ts'
import { runOnNode } from './own/handle.ts'

/** Ends a pod's process without a word: kill -9 where the node is ours, else the pod is deleted by force. */
export async function killPod(cluster: ClusterFacts, namespace: string, pod: string): Promise<void> {
  const here = ['--namespace', namespace]
  const { kubeconfigPath: kubeconfig } = cluster
  if (cluster.source !== 'own') {
    await kubectl([...here, 'delete', 'pod', pod, '--grace-period=0', '--force'], { kubeconfig })
    return
  }
  const id = '{.status.containerStatuses[0].containerID}'
  const container = await kubectl([...here, 'get', 'pod', pod, '--output', `jsonpath=${id}`], { kubeconfig })
  await runOnNode(
    cluster.handle,
    'ctr',
    '-n',
    'k8s.io',
    'task',
    'kill',
    '-s',
    'SIGKILL',
    container.replace(/^.*\/\//, ''),
  )
}
