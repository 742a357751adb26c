import { randomUUID } from 'node:crypto'
import type { Clock } from '#lib/clock.ts'
import { reasonOf, SoaError } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { WriteAudit } from '../audit/log.ts'
import { type AuditRecord, orderForAudit } from '../audit/record.ts'
import type { Order } from './order.ts'
import type { Tally } from './sweep.ts'

/** What is done, to which queue, and by whom. */
export interface Deed extends Pick<AuditRecord, 'action' | 'queue' | 'route' | 'who'> {
  readonly order: Order
}

/** Writes the deed down before it is begun, or does not begin it; and how it ended. */
export async function audited(
  deed: Deed,
  work: () => Promise<Tally>,
  { write, clock, log }: { readonly write: WriteAudit; readonly clock: Clock; readonly log: Log },
): Promise<Tally> {
  const { order, ...rest } = deed
  const record = { ...rest, operation: randomUUID(), order: orderForAudit(order) }
  const at = () => new Date(clock.now()).toISOString()
  await write({ ...record, phase: 'Begun', at: at() }).catch((cause) => {
    throw new SoaError('SOA_UNAVAILABLE', 'The audit cannot be written now: nothing was moved', { status: 503, cause })
  })
  const tally = await work()
  const ended = { ...record, phase: 'Ended', at: at(), tally: { ...tally } } as const
  log.info({ ...ended }, 'Dead letters were moved')
  // The letters have moved: that this is not written must not look as if they had not. The log has it.
  await write(ended).catch((error) =>
    log.error({ operation: ended.operation, error: reasonOf(error) }, 'Audit has a gap'),
  )
  return tally
}
