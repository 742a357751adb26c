import type { RegistryConfig } from '../config.ts'
import type { LeaseRules } from './judge.ts'

export type LeaseConfig = Pick<RegistryConfig, 'minFleet' | 'maxEvictedPercent' | 'maxHoldMs' | 'reapAfterMs'>

export function leaseRules({ minFleet, maxEvictedPercent, maxHoldMs, reapAfterMs }: LeaseConfig): LeaseRules {
  return { minFleet, maxShare: maxEvictedPercent / 100, maxHoldMs, reapAfterMs: reapAfterMs || undefined }
}
