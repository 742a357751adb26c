import { Ajv } from 'ajv'
import { type ParsedLimit, parseLimit } from '#lib/model/limit.ts'
import { bodyFault } from '../http/body-fault.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import type { Choice } from './pick.ts'

/** One call works through no more than this; the answer says what is left. */
const MAX_LETTERS = 10_000
const MAX_IDS = 1_000

/** What an operator wants done with the letters of a queue. */
export interface Order extends Choice {
  readonly limit: number
  /** At most so many in that time, evenly spread. */
  readonly rate?: { readonly limit: number; readonly periodMs: number }
  /** Only tells what would be done. */
  readonly dryRun: boolean
}

interface OrderJson extends Choice {
  readonly limit?: number
  readonly rate?: string
  readonly dryRun?: boolean
  readonly all?: boolean
}

const isOrder = new Ajv().compile<OrderJson>({
  type: 'object',
  additionalProperties: false,
  properties: {
    filter: { type: 'string', minLength: 1, maxLength: 4_096 },
    ids: { type: 'array', minItems: 1, maxItems: MAX_IDS, items: { type: 'string', maxLength: 255 } },
    limit: { type: 'integer', minimum: 1, maximum: MAX_LETTERS },
    rate: { type: 'string', maxLength: 64 },
    dryRun: { type: 'boolean' },
    all: { type: 'boolean' },
  },
})

export type ParsedOrder = { readonly ok: true; readonly order: Order } | Refusal

export function replayOrder(json: unknown): ParsedOrder {
  return orderIn(json)
}

/** What is discarded is gone: that all are meant has to be said. */
export function discardOrder(json: unknown): ParsedOrder {
  const parsed = orderIn(json)
  if (!parsed.ok) return parsed
  const { filter, ids } = parsed.order
  const isSaid = filter !== undefined || ids !== undefined || (json as OrderJson).all === true
  return isSaid ? parsed : refusal(400, 'OrderInvalid', 'Give filter or ids; to discard every letter say "all": true')
}

function orderIn(json: unknown): ParsedOrder {
  if (!isOrder(json)) return refusal(400, 'OrderInvalid', bodyFault(isOrder.errors))
  const { filter, ids, limit = MAX_LETTERS, dryRun = false } = json
  const rate = json.rate === undefined ? undefined : parseLimit(json.rate)
  if (rate !== undefined && (!rate.ok || rate.limit === 0)) return refusal(400, 'OrderInvalid', `rate: ${whyNot(rate)}`)
  const choice = { ...(filter !== undefined && { filter }), ...(ids !== undefined && { ids }) }
  return {
    ok: true,
    order: { ...choice, limit, dryRun, ...(rate?.ok && { rate: { limit: rate.limit, periodMs: rate.periodMs } }) },
  }
}

function whyNot(rate: ParsedLimit): string {
  return rate.ok ? 'the count must be 1 or more' : rate.why
}
