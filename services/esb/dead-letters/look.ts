import type { Request, RequestHandler } from '#lib/http.ts'
import { asked } from '#lib/http-operations.ts'
import { type Refusal, refusal, refuse } from '../http/refusal.ts'
import { wholeIn } from '../http/route.ts'
import type { DeadLetterDeps } from './deps.ts'
import { type Letter, letterOf } from './letter.ts'
import { type Choice, type Pick, pickOf } from './pick.ts'
import { bare, type Got, type LetterChannel, putBack } from './put-back.ts'

const MAX_SHOWN = 100
/** A look that seeks goes through no more than this, and says so. */
const MAX_LOOKED = 1_000
const MAX_SOUGHT = 10_000
const MAX_BODY_BYTES = 16 * 1024

/** What a look is for. */
interface Wish extends Choice {
  readonly limit: number
  readonly maxLooked: number
  readonly maxBodyBytes: number
}

/** Shows letters without taking them: `?limit=`, `?filter=`; `?id=` shows one whole. */
export function look({ expressions, desk }: DeadLetterDeps, queueOf: (request: Request) => string): RequestHandler {
  return async (request, response) => {
    const wish = wishIn(request)
    if ('ok' in wish) return refuse(response, wish)
    const picked = pickOf(wish, expressions)
    if (!picked.ok) return refuse(response, picked)
    const queue = queueOf(request)
    const served = await desk.look(queue, (channel) => seen(channel, queue, picked.pick, wish))
    if (served.ok) response.json(served.value)
    else refuse(response, served)
  }
}

function wishIn(request: Request): Wish | Refusal {
  const limit = wholeIn(asked(request, 'limit'), 20, [1, MAX_SHOWN])
  if (limit === undefined) return refusal(400, 'LimitInvalid', `limit: give a whole number from 1 to ${MAX_SHOWN}`)
  const [id, filter] = [asked(request, 'id'), asked(request, 'filter')]
  if (id !== undefined) return { ids: [id], limit: 1, maxLooked: MAX_SOUGHT, maxBodyBytes: Number.POSITIVE_INFINITY }
  return { ...(filter !== undefined && { filter }), limit, maxLooked: MAX_LOOKED, maxBodyBytes: MAX_BODY_BYTES }
}

interface Seen {
  /** Letters in the queue. */
  readonly depth: number
  /** Of those, looked at for this answer. */
  readonly looked: number
  readonly letters: readonly Letter[]
  readonly filterFault?: string
}

async function seen(channel: LetterChannel, queue: string, pick: Pick, wish: Wish): Promise<Seen> {
  const { messageCount } = await channel.checkQueue(queue)
  const held: Got[] = []
  const letters: Letter[] = []
  let filterFault: string | undefined
  while (held.length < Math.min(messageCount, wish.maxLooked) && letters.length < wish.limit) {
    const letter = await channel.get(queue)
    if (letter === false) break
    const { isMeant, fault } = await pick(letter)
    filterFault ??= fault
    if (isMeant) letters.push(letterOf(letter, wish.maxBodyBytes))
    held.push(bare(letter))
  }
  await putBack(channel, queue, held)
  const fault = filterFault === undefined ? {} : { filterFault }
  return { depth: messageCount, looked: held.length, letters, ...fault }
}
