import { randomUUID } from 'node:crypto'
import type { Published } from '#lib/amqp.ts'
import { reasonOf } from '#lib/error.ts'
import type { Request, RequestHandler, Response } from '#lib/http.ts'
import { asked, type Operation } from '#lib/http-operations.ts'
import { toQueue } from '../envelope/write.ts'
import { type Found, findRoute } from '../http/find.ts'
import { type Refusal, refusal, refuse } from '../http/refusal.ts'
import { type ApiDeps, partOf } from '../http/route.ts'
import type { Message } from '../mediations/message.ts'
import type { RunningRoute } from '../routes/running.ts'
import { admit, MAX_WAIT_MS, waitMs } from './admit.ts'
import { bytesOf } from './body.ts'
import { answerReply } from './reply.ts'
import type { Requests } from './requests.ts'

const FIRST_PASSAGE = { attempt: 1, hops: 0, replays: 0, history: [] }

type Deps = Pick<ApiDeps, 'config' | 'running' | 'clock' | 'log'> & { readonly requests: Requests }

/** POST /messages/<route>: taken once the broker has it; with `?wait=` the reply, where one comes in time. */
export function messageRoutes(deps: Deps): readonly Operation[] {
  return [{ method: 'post', path: '/messages/:route', handlers: [take(deps)] }]
}

function take(deps: Deps): RequestHandler {
  const { config, clock } = deps
  return async (request, response) => {
    const found = openRoute(deps, request)
    if (!found.ok) return refuse(response, found)
    const wait = waitMs(asked(request, 'wait'))
    if (wait === undefined)
      return refuse(
        response,
        refusal(400, 'WaitInvalid', `wait: give a duration of at most ${MAX_WAIT_MS / 1_000}s, such as 5s`),
      )
    const body = await bytesOf(request, config.maxMessageBytes)
    if (body === undefined) return tooLarge(response, config.maxMessageBytes)
    const { route } = found
    const entry = { exchange: '', key: route.key, freshId: randomUUID, now: clock.now() }
    const admitted = admit({ headers: request.headers, body }, entry)
    if (!admitted.ok) return refuse(response, admitted)
    response.setHeader('X-Message-Id', admitted.message.id)
    if (wait === 0) await takeOnly(deps, route, admitted.message, response)
    else await takeAndWait(deps, route, admitted.message, wait, response)
  }
}

function openRoute({ running, config }: Deps, request: Request): Found {
  const found = findRoute(running, partOf(request, 'route'), asked(request, 'namespace'), config.namespace)
  if (!found.ok) return found
  const { entry, key, unready } = found.route
  if (!entry.http)
    return refusal(404, 'NotOverHttp', `Route ${key} takes no messages over HTTP: its spec has no from.http`)
  // Its queue may be missing: the message would end among the unroutable, where an operator has to look for it.
  if (unready() !== undefined) return refusal(503, 'RouteNotReady', `Route ${key} is not ready; try again`)
  return found
}

async function takeOnly(deps: Deps, route: RunningRoute, message: Message, response: Response): Promise<void> {
  const fault = await send(deps, route, message)
  if (fault !== undefined) refuse(response, fault)
  else accepted(response, route, message)
}

async function takeAndWait(deps: Deps, route: RunningRoute, message: Message, wait: number, response: Response) {
  // Its own for every try: the reply to a try that was given up must not answer the next.
  const correlationId = randomUUID()
  const expected = deps.requests.expect(correlationId)
  response.once('close', expected.giveUp)
  const fault = await send(deps, route, { ...message, correlationId, replyTo: expected.replyTo })
  if (fault !== undefined) {
    expected.giveUp()
    return refuse(response, fault)
  }
  const reply = await expected.within(wait)
  if (reply.came) answerReply(response, reply.message, { id: message.id, route: route.key })
  else accepted(response, route, message)
}

function accepted(response: Response, route: RunningRoute, { id }: Message): void {
  response.status(202).json({ id, route: route.key })
}

/** Undefined once the broker has confirmed. */
async function send(
  { requests, log }: Deps,
  { queue, key }: RunningRoute,
  message: Message,
): Promise<Refusal | undefined> {
  const { id } = message
  try {
    const published = await requests.send(toQueue(queue, message, FIRST_PASSAGE))
    return published.sent ? undefined : notTaken(published, key, id)
  } catch (error) {
    // Whether the broker has it is not known, and need not be: the same id names the same message.
    log.warn({ route: key, error: reasonOf(error) }, 'Message was not confirmed')
    const detail = `The broker did not confirm the message; send it again with Idempotency-Key: ${id}`
    return refusal(503, 'Unconfirmed', detail, { id })
  }
}

function notTaken({ reason }: Extract<Published, { sent: false }>, key: string, id: string): Refusal {
  const detail = reason === 'Refused' ? `The queue of route ${key} is full` : `Route ${key} has no queue at the moment`
  return refusal(503, reason === 'Refused' ? 'QueueFull' : 'Unroutable', `${detail}; try again`, { id })
}

// The rest of the body is not read: the connection cannot be used for another request.
function tooLarge(response: Response, maxBytes: number): void {
  response.setHeader('Connection', 'close')
  refuse(response, refusal(413, 'TooLarge', `The body is over ${maxBytes} bytes`))
}
