import { createKube } from '#lib/kube.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import { authMode, type ReviewToken } from './auth.ts'
import type { RegistryConfig } from './config.ts'

export interface TokenReview {
  readonly reviewToken?: ReviewToken
  readonly parts: readonly Part[]
}

/** The Kubernetes API as judge of tokens, where registration asks for one. */
export async function openTokenReview(
  config: Pick<RegistryConfig, 'auth' | 'kubernetesHost' | 'kubeconfig'>,
  metrics: Metrics,
): Promise<TokenReview> {
  if (authMode(config) !== 'kubernetes') return { parts: [] }
  const { reviewToken, close } = await createKube({ kubeconfig: config.kubeconfig, metrics, deadlineMs: DEADLINE_MS })
  return { reviewToken, parts: [{ name: 'token reviews', start() {}, stop: close }] }
}

const DEADLINE_MS = 5_000
