import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import { answer } from '../answers/answer.ts'
import { malformed, NO_ROUTE, NOT_READY, type Refusal } from '../answers/refusal.ts'
import { upstreamPath } from '../match/rewrite.ts'
import type { Rule } from '../match/rule.ts'
import type { RouteTable } from '../match/table.ts'
import { judge, type Passage } from '../pipeline.ts'
import { clientAddress, plainAddress, type Trust } from '../request/client.ts'
import { handshakeRefusal } from '../request/handshake.ts'
import { type GatewayRequest, readRequest } from '../request/read.ts'
import type { Serve } from '../serving.ts'
import { Exchange, type ExchangeEnv, type ExchangeOf } from '../upstream/exchange.ts'
import { upstreamFields } from '../upstream/forward.ts'
import { TunnelExchange, type Tunnels } from '../upstream/tunnel.ts'
import type { Handlers } from './server.ts'

export interface FrontEnv {
  readonly table: () => RouteTable<Serve>
  /** Whether there is a first copy of the model and of the endpoints: nothing may be called unknown before. */
  readonly isFilled: () => boolean
  readonly trust: Trust
  readonly exchange: ExchangeEnv
  readonly tunnels: Tunnels
  readonly refused: (refusal: Refusal) => void
  /** Of a request that had a route: refused by a stage. */
  readonly stopped: (rule: Rule<Serve>, refusal: Refusal, startedAt: number) => void
  readonly clock: Clock
  readonly log: Log
}

/** A request that has its route, on its way through the pipeline. */
interface Routed {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly request: GatewayRequest
  readonly rule: Rule<Serve>
  readonly peer: string
  readonly passage: Passage
  readonly startedAt: number
}

/** read → route → judge → send: the way of every request, WebSocket handshakes included. */
export function gatewayFront(env: FrontEnv): Handlers {
  const { table, trust, clock } = env

  function refuse(incoming: IncomingMessage, outgoing: ServerResponse, refusal: Refusal): void {
    env.refused(refusal)
    answer(incoming, outgoing, refusal)
  }

  /** The route and what stages ask of the request; undefined once it is refused. */
  function route(incoming: IncomingMessage, outgoing: ServerResponse): Routed | undefined {
    const startedAt = clock.monotonic()
    if (!env.isFilled()) return void refuse(incoming, outgoing, NOT_READY)
    const read = readRequest(incoming)
    if (!read.ok) return void refuse(incoming, outgoing, read.refusal)
    const { request } = read
    const rule = table().find(request)
    if (rule === undefined) return void refuse(incoming, outgoing, NO_ROUTE)
    const peer = plainAddress(incoming.socket.remoteAddress)
    return { incoming, outgoing, request, rule, peer, passage: passageOf(request, peer, trust), startedAt }
  }

  /** Calls `send` when every stage has let the request pass, at once where none has to wait. */
  function admit(routed: Routed, send: (routed: Routed) => void): void {
    const { stages } = routed.rule.serve
    if (stages.length === 0) {
      send(routed)
      return
    }
    const verdict = judge(stages, routed.passage)
    if (!(verdict instanceof Promise)) {
      conclude(routed, verdict, send)
      return
    }
    verdict.then(
      (late) => conclude(routed, late, send),
      (error) => {
        env.log.error({ service: routed.rule.serve.target.key, error: reasonOf(error) }, 'A policy failed')
        conclude(routed, { status: 500, reason: 'PolicyFailed', detail: 'A policy could not be applied' }, send)
      },
    )
  }

  function conclude(routed: Routed, refusal: Refusal | undefined, send: (routed: Routed) => void): void {
    if (refusal === undefined) {
      send(routed)
      return
    }
    env.stopped(routed.rule, refusal, routed.startedAt)
    answer(routed.incoming, routed.outgoing, refusal, routed.passage.responseFields)
  }

  function exchangeOf(routed: Routed): ExchangeOf | undefined {
    const { incoming, outgoing, request, rule, peer, passage, startedAt } = routed
    const path = upstreamPath(rule.match, request.path)
    if (path === undefined)
      return void refuse(incoming, outgoing, malformed('InvalidPath', 'the path leads out of what it is rewritten to'))
    const fields = upstreamFields(request, peer, trust.trusts(peer))
    const { target } = rule.serve
    return {
      ...{ incoming, outgoing, request, target, fields, startedAt },
      path: request.query === '' ? path : path + request.query,
      extra: passage.responseFields,
    }
  }

  return {
    onRequest(incoming, outgoing, mustContinue) {
      const routed = route(incoming, outgoing)
      if (routed === undefined) return
      admit(routed, () => {
        if (outgoing.destroyed) return
        const of = exchangeOf(routed)
        if (of === undefined) return
        // Only now: a body that is refused need not be sent.
        if (mustContinue) outgoing.writeContinue()
        new Exchange(env.exchange, of).send()
      })
    },
    onWebSocket(incoming, client, early) {
      const outgoing = responseOn(incoming, client)
      const routed = route(incoming, outgoing)
      if (routed === undefined) return
      const fault = handshakeRefusal(routed.request, incoming)
      if (fault !== undefined) return refuse(incoming, outgoing, fault)
      admit(routed, () => {
        const of = exchangeOf(routed)
        if (of === undefined) return
        new TunnelExchange(env.exchange, { ...of, client, early, tunnels: env.tunnels }).send()
      })
    },
    onMalformed: (status) => env.refused({ status, reason: 'Unparsable', detail: '' }),
  }
}

/** A handshake that is not answered 101 is answered like any request, and its connection is over then. */
function responseOn(incoming: IncomingMessage, client: Duplex): ServerResponse {
  const outgoing = new ServerResponse(incoming)
  outgoing.shouldKeepAlive = false
  outgoing.assignSocket(client as never)
  outgoing.on('finish', () => client.end())
  client.on('error', () => client.destroy())
  return outgoing
}

function passageOf(request: GatewayRequest, peer: string, trust: Trust): Passage {
  return {
    request,
    responseFields: [],
    subject: {
      clientIp: () => clientAddress(peer, request.claims, trust),
      header: request.header,
      // No authentication yet: nobody is known.
      consumer: () => undefined,
    },
  }
}
