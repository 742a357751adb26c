import { messageRoute } from './message-route.ts'
import { policy } from './policy.ts'
import type { Kind } from './schema.ts'
import { service } from './service.ts'

/** Every kind of the platform; CRDs, folder validation, watches and statuses follow this list. */
export const KINDS: readonly Kind[] = [service, policy, messageRoute]
