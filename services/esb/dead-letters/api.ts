import { jsonBody, type Request, type RequestHandler, type Response } from '#lib/http.ts'
import type { Operation } from '#lib/http-operations.ts'
import { inBatches } from '../http/batches.ts'
import { routeAt } from '../http/find.ts'
import { fromBroker } from '../http/from-broker.ts'
import { refuse } from '../http/refusal.ts'
import { partOf } from '../http/route.ts'
import { deadLetterQueue, UNROUTABLE } from '../topology/names.ts'
import { discard, replayTo, republish } from './acts.ts'
import { audited } from './audited.ts'
import type { DeadLetterDeps } from './deps.ts'
import { look } from './look.ts'
import { discardOrder, type ParsedOrder, replayOrder } from './order.ts'
import { pickOf } from './pick.ts'
import { type Act, sweep } from './sweep.ts'
import { whoAsks } from './who.ts'

/** One call ends after so long: the answer says what is left. */
const MAX_MS = 50_000
const MAX_ORDER_BYTES = 512 * 1024

/** Dead letters of each route, and what found no route at all: look, replay, discard. */
export function deadLetterRoutes(deps: DeadLetterDeps): readonly Operation[] {
  const of = '/dead-letters/:namespace/:name'
  return [
    { method: 'get', path: '/dead-letters', handlers: [counts(deps)] },
    { method: 'get', path: of, handlers: [look(deps, (request) => letterBox(request).queue)] },
    { method: 'post', path: `${of}/replay`, handlers: [...jsonBody(MAX_ORDER_BYTES), replayOfRoute(deps)] },
    { method: 'post', path: `${of}/discard`, handlers: [...jsonBody(MAX_ORDER_BYTES), discardOf(deps, letterBox)] },
    { method: 'get', path: '/unroutable', handlers: [look(deps, () => UNROUTABLE)] },
    { method: 'post', path: '/unroutable/replay', handlers: [...jsonBody(MAX_ORDER_BYTES), republished(deps)] },
    {
      method: 'post',
      path: '/unroutable/discard',
      handlers: [...jsonBody(MAX_ORDER_BYTES), discardOf(deps, () => ({ queue: UNROUTABLE }))],
    },
  ]
}

function counts({ running, depth }: DeadLetterDeps): RequestHandler {
  return async (_request, response) => {
    const keys = [...running().keys()].sort()
    const routes = await inBatches(keys, async (route) => {
      return { route, deadLetters: (await fromBroker(depth(deadLetterQueue(route))))?.messages ?? null }
    })
    response.json({ routes, unroutable: (await fromBroker(depth(UNROUTABLE)))?.messages ?? null })
  }
}

function replayOfRoute(deps: DeadLetterDeps): RequestHandler {
  return async (request, response) => {
    const [namespace, name] = [partOf(request, 'namespace'), partOf(request, 'name')]
    const found = routeAt(deps.running, namespace, name)
    if (!found.ok) return refuse(response, found)
    const { key } = found.route
    const act = replayTo(() => deps.running().get(key), deps.replay)
    await move(
      deps,
      { action: 'Replay', queue: deadLetterQueue(key), route: key, act, parsed: replayOrder(request.body) },
      request,
      response,
    )
  }
}

function republished(deps: DeadLetterDeps): RequestHandler {
  return (request, response) => {
    const parsed = replayOrder(request.body)
    return move(
      deps,
      { action: 'Replay', queue: UNROUTABLE, act: republish(deps.republish), parsed },
      request,
      response,
    )
  }
}

/** Also of a route that is gone: what it left can only be discarded. */
function discardOf(deps: DeadLetterDeps, of: (request: Request) => Of): RequestHandler {
  return (request, response) => {
    const parsed = discardOrder(request.body)
    return move(deps, { action: 'Discard', ...of(request), act: discard, parsed }, request, response)
  }
}

/** Whose letters. */
interface Of {
  readonly queue: string
  readonly route?: string
}

interface Move extends Of {
  readonly action: 'Replay' | 'Discard'
  readonly act: Act
  readonly parsed: ParsedOrder
}

async function move(deps: DeadLetterDeps, { parsed, act, ...deed }: Move, request: Request, response: Response) {
  if (!parsed.ok) return refuse(response, parsed)
  const { order } = parsed
  const picked = pickOf(order, deps.expressions)
  if (!picked.ok) return refuse(response, picked)
  const { pick } = picked
  const { clock } = deps
  const { action, queue } = deed
  const served = await deps.desk.move(queue, (channel, signal) => {
    const work = () => sweep(channel, queue, { pick, act, order, clock, signal, maxMs: MAX_MS })
    if (order.dryRun) return work()
    return audited({ ...deed, who: whoAsks(request, deps.config.controlToken), order }, work, deps)
  })
  if (!served.ok) return refuse(response, served)
  const { done, ...tally } = served.value
  response.json({
    [action === 'Replay' ? 'replayed' : 'discarded']: done,
    ...tally,
    ...(order.dryRun && { dryRun: true }),
  })
}

function letterBox(request: Request): Of & { readonly route: string } {
  const route = `${partOf(request, 'namespace')}/${partOf(request, 'name')}`
  return { queue: deadLetterQueue(route), route }
}
