import type { Publish } from '#lib/amqp.ts'
import type { WriteAudit } from '../audit/log.ts'
import type { ApiDeps } from '../http/route.ts'
import type { Desk } from './desk.ts'

export type DeadLetterDeps = Pick<ApiDeps, 'config' | 'running' | 'depth' | 'expressions' | 'clock' | 'log'> & {
  readonly desk: Desk
  readonly write: WriteAudit
  /** Sends with confirm what is replayed; each on a channel of its own, for a missing exchange closes it. */
  readonly replay: Publish
  readonly republish: Publish
}
