import { randomUUID } from 'node:crypto'
import type { Request, RequestHandler } from '#lib/http.ts'
import { asked, type Operation } from '#lib/http-operations.ts'
import { type Admitted, admit } from '../ingress/admit.ts'
import { bytesOf } from '../ingress/body.ts'
import type { Failure, Message } from '../mediations/message.ts'
import type { Plan, Ports, ServiceRequest } from '../mediations/plan.ts'
import type { RunningRoute } from '../routes/running.ts'
import { routeAt } from './find.ts'
import { MESSAGE_TYPE, messageFromJson } from './message-json.ts'
import { callAsJson, type DryCall, planAsJson } from './plan-json.ts'
import { refusal, refuse } from './refusal.ts'
import { type ApiDeps, partOf } from './route.ts'

type Deps = Pick<ApiDeps, 'config' | 'running' | 'call' | 'clock'>

/** POST /routes/<namespace>/<name>/plan: what would become of this message, step by step. Nothing is sent. */
export function planRoutes(deps: Deps): readonly Operation[] {
  return [{ method: 'post', path: '/routes/:namespace/:name/plan', handlers: [plan(deps)] }]
}

function plan(deps: Deps): RequestHandler {
  return async (request, response) => {
    const found = routeAt(deps.running, partOf(request, 'namespace'), partOf(request, 'name'))
    if (!found.ok) return refuse(response, found)
    const body = await bytesOf(request, deps.config.maxMessageBytes)
    if (body === undefined) {
      response.setHeader('Connection', 'close')
      return refuse(response, refusal(413, 'TooLarge', `The body is over ${deps.config.maxMessageBytes} bytes`))
    }
    const given = messageIn(request, body, found.route, deps.clock.now())
    if (!given.ok) return refuse(response, given)
    const inEarnest = asked(request, 'call') === 'true'
    response.json(await dryRun(found.route, given.message, { ...deps, inEarnest }))
  }
}

/** The same request as POST /messages takes, or a whole message as JSON. */
function messageIn(request: Request, body: Buffer, { key, entry }: RunningRoute, now: number): Admitted {
  const [firstKey] = entry.source?.keys ?? []
  const from = {
    exchange: asked(request, 'exchange') ?? entry.source?.exchange ?? '',
    key: asked(request, 'key') ?? firstKey ?? (entry.source === undefined ? key : ''),
  }
  const isWhole = request.is(MESSAGE_TYPE) !== false
  if (isWhole) return messageFromJson(body, { id: randomUUID(), ...from })
  return admit({ headers: request.headers, body }, { ...from, freshId: randomUUID, now })
}

interface Dry extends Pick<Deps, 'call' | 'clock'> {
  /** Whether GETs of services are made. */
  readonly inEarnest: boolean
}

async function dryRun({ key, entry, mediation }: RunningRoute, message: Message, dry: Dry): Promise<object> {
  const calls: DryCall[] = []
  const ports = portsOf(dry, calls)
  const plan = await mediation.plan(message, ports)
  const shown = (each: Plan) => planAsJson(each, each.outcome === 'fail' && each.failure.message.includes(NOT_CALLED))
  // What comes after a group, as if it were this message alone.
  const after =
    plan.outcome === 'hold' ? { ifAlone: shown(await mediation.resume(plan.group, [plan.held], ports)) } : {}
  return { route: key, generation: entry.generation, message: message.id, ...shown(plan), calls, ...after }
}

const NOT_CALLED = 'Not called in a dry run'

function portsOf({ call, clock, inEarnest }: Dry, calls: DryCall[]): Ports {
  return {
    monotonic: clock.monotonic,
    // Nothing was seen before: a dry run shows what becomes of a message, not of its copy.
    seen: () => false,
    withValues: true,
    async call(request) {
      // RFC 9110 §9.2.1: GET alone is safe.
      const called = inEarnest && request.method === 'GET'
      calls.push(callAsJson(request, called))
      return called ? call(request) : { ok: false, failure: notCalled(request) }
    },
  }
}

function notCalled({ method, serviceName }: ServiceRequest): Failure {
  const hint = method === 'GET' ? 'ask with ?call=true' : 'it may change something'
  return { class: 'Permanent', reason: 'ServiceFailed', message: `${NOT_CALLED}: ${method} of ${serviceName}; ${hint}` }
}
