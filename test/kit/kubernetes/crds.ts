import { join } from 'node:path'
import { kubectl } from '../kubectl.ts'

const folder = join(import.meta.dirname, '../../../k8s/crds')

/** Applies the project's CRDs over whatever stands in their place, and waits until the API server serves them. */
export async function installCrds(kubeconfig: string): Promise<void> {
  await kubectl(['apply', '--server-side', '--force-conflicts', '--filename', folder], { kubeconfig })
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', '--filename', folder], { kubeconfig })
}
