import { reasonOf } from '#lib/error.ts'
import type { Check, Outcome } from './check.ts'
import type { CheckConfig } from './config.ts'
import { message } from './message.ts'
import { rateLimit } from './rate-limit.ts'
import { registration } from './registration.ts'

const checks: readonly Check[] = [registration, rateLimit, message]

/** Every check in turn, also after one that failed: what else holds says where to look. */
export async function* outcomes(config: CheckConfig): AsyncGenerator<Outcome> {
  for (const { name, run } of checks) {
    try {
      yield { name, ok: true, saw: await run(config) }
    } catch (error) {
      yield { name, ok: false, saw: reasonOf(error) }
    }
  }
}
