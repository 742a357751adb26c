import type { RequestHandler } from '#lib/http.ts'
import { asked, type Operation } from '#lib/http-operations.ts'
import { fromBroker } from '../http/from-broker.ts'
import { refusal, refuse } from '../http/refusal.ts'
import { type ApiDeps, wholeIn } from '../http/route.ts'
import { newestOf } from '../streams/end.ts'
import { AUDIT } from '../topology/names.ts'
import type { AuditRecord } from './record.ts'

const MAX_RECORDS = 1_000

type Deps = Pick<ApiDeps, 'broker'>

/** GET /audit: who moved dead letters, the newest first. */
export function auditRoutes(deps: Deps): readonly Operation[] {
  return [{ method: 'get', path: '/audit', handlers: [newest(deps)] }]
}

function newest({ broker }: Deps): RequestHandler {
  return async (request, response) => {
    const limit = wholeIn(asked(request, 'limit'), 100, [1, MAX_RECORDS])
    if (limit === undefined)
      return refuse(response, refusal(400, 'LimitInvalid', `limit: give a whole number from 1 to ${MAX_RECORDS}`))
    const entries = await fromBroker(broker.consuming.once((channel) => newestOf(channel, AUDIT, limit)))
    response.json({ records: entries.map(({ message }) => recordIn(message.content)).reverse() })
  }
}

/** Anybody on the broker may write to the stream: what is no record of ours is shown as what it is. */
function recordIn(content: Buffer): AuditRecord | { readonly text: string } {
  try {
    return JSON.parse(content.toString())
  } catch {
    return { text: content.toString().slice(0, 1_024) }
  }
}
