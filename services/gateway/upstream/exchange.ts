import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { reasonOf } from '#lib/error.ts'
import { answer } from '../answers/answer.ts'
import { NO_ENDPOINT, OVERLOADED, type Refusal } from '../answers/refusal.ts'
import type { GatewayRequest } from '../request/read.ts'
import { UpstreamBody } from './body.ts'
import { codeOf, mayRetry, upstreamRefusal } from './failure.ts'
import { clientFields } from './response-fields.ts'
import type { Target, UpstreamEndpoint } from './target.ts'

/** What an exchange needs of the gateway, the same for all. */
export interface ExchangeEnv {
  readonly maxInFlight: number
  /** How long a client may leave a full buffer unread before both sides are cut. */
  readonly writeStallMs: number
  readonly isDraining: () => boolean
  readonly retried: () => void
  readonly failed: (target: Target, reason: string, error: string) => void
  /** The request is over: `byGateway` when the gateway answered itself. */
  readonly over: (target: Target, status: number, byGateway: boolean, startedAt: number) => void
}

export interface ExchangeOf {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly request: GatewayRequest
  readonly target: Target
  /** Rewritten path without the endpoint's base path, with the query. */
  readonly path: string
  /** As `upstreamFields` gives them. */
  readonly fields: string[]
  /** Response fields of the gateway's own, flat. */
  readonly extra: readonly string[]
  readonly startedAt: number
}

/** Client broke off: RFC-less, but the field's name for it (nginx). Only in metrics. */
const CLIENT_GONE = 499

/** Bodies up to this size are worth copying to save a write. */
const SMALL_BYTES = 16 * 1024

/**
 * One request and its response, streamed both ways; undici's handler is the object itself, so that a request costs no closures.
 *
 *   sending ──head──► relaying ──end──► over
 *      │  └─ failed, may retry ─► sending      │
 *      │                            └──failed──► both sides cut: a truncated response must not look whole
 *      └──failed──► answered 502, 503 or 504
 *      client gone, at any time ──► upstream aborted
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #env: ExchangeEnv
  readonly #of: ExchangeOf
  #endpoint: UpstreamEndpoint | undefined
  #controller: Dispatcher.DispatchController | undefined
  #body: UpstreamBody | undefined
  #tries = 0
  #state: 'sending' | 'relaying' | 'over' = 'sending'
  #stall: NodeJS.Timeout | undefined
  /** Bytes of the body that are still to come, NaN where its length is not told. */
  #missing = Number.NaN
  #last: Buffer | undefined

  readonly #upgrade: string | null

  constructor(env: ExchangeEnv, of: ExchangeOf, upgrade: string | null = null) {
    this.#env = env
    this.#of = of
    this.#upgrade = upgrade
    of.outgoing.on('close', this.#onClientClosed)
  }

  send(): void {
    const { incoming, request, target, fields, path } = this.#of
    const endpoint = target.next(this.#endpoint)
    if (endpoint === undefined || endpoint.origin.inFlight >= this.#env.maxInFlight) {
      this.#refuse(endpoint === undefined ? NO_ENDPOINT : OVERLOADED)
      return
    }
    this.#endpoint = endpoint
    this.#tries++
    this.#body = request.hasBody ? new UpstreamBody(incoming) : undefined
    endpoint.origin.inFlight++
    try {
      endpoint.origin.pool.dispatch(
        {
          path: endpoint.basePath === '' ? path : endpoint.basePath + path,
          method: request.method as Dispatcher.HttpMethod,
          headers: fields,
          body: this.#body ?? null,
          upgrade: this.#upgrade,
        },
        this,
      )
    } catch (error) {
      // What undici will not send: a field or path that passed the checks here but not there.
      this.onResponseError(undefined, error as Error)
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#state === 'over') controller.abort(new Error('client gone'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    fields: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // Interim answers (100, 103) concern this hop or are optional: dropped.
    if (status < 200 || this.#state === 'over') return
    this.#state = 'relaying'
    this.#missing = Number(fields['content-length'])
    const { outgoing, extra } = this.#of
    if (this.#env.isDraining()) outgoing.shouldKeepAlive = false
    outgoing.writeHead(status, clientFields(controller.rawHeaders as Buffer[], extra))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#state !== 'relaying') return
    this.#missing -= chunk.length
    // The end follows at once: written with it, a small answer is one write of head and body.
    if (this.#missing === 0) {
      this.#last = chunk
      return
    }
    if (this.#of.outgoing.write(chunk)) return
    controller.pause()
    this.#stall = setTimeout(() => this.#cut('the client does not read'), this.#env.writeStallMs)
    this.#of.outgoing.once('drain', () => {
      clearTimeout(this.#stall)
      controller.resume()
    })
  }

  onResponseEnd(
    _controller: Dispatcher.DispatchController,
    trailers: Record<string, string | string[] | undefined>,
  ): void {
    this.#leaveOrigin()
    if (this.#state !== 'relaying') return
    this.#state = 'over'
    const { outgoing, incoming } = this.#of
    for (const name in trailers) outgoing.addTrailers({ [name]: String(trailers[name]) })
    // Answered before the body was read: the rest of it is not waited for.
    if (!incoming.complete && outgoing.shouldKeepAlive) incoming.resume()
    this.#end(outgoing)
    this.#tellOver(outgoing.statusCode, false)
  }

  #end(outgoing: ServerResponse): void {
    const last = this.#last
    if (last === undefined) outgoing.end()
    // As Latin-1, byte for byte: Node joins a string to the head, but not a buffer.
    else if (last.length <= SMALL_BYTES) outgoing.end(last.toString('latin1'), 'latin1')
    else outgoing.end(last)
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#leaveOrigin()
    if (this.#state === 'over') return
    if (this.#state === 'relaying') {
      this.#cut(reasonOf(error))
      return
    }
    const code = codeOf(error)
    const { request, target, outgoing } = this.#of
    const isBodyTouched = this.#body?.isTouched ?? false
    if (mayRetry(code, { method: request.method, hasBody: request.hasBody, isBodyTouched, tries: this.#tries })) {
      this.#env.retried()
      this.send()
      return
    }
    // An upload that ends with the client's own connection is not the service's failure.
    if (outgoing.destroyed) return
    const refusal = upstreamRefusal(code)
    this.#env.failed(target, refusal.reason, reasonOf(error))
    this.#refuse(refusal)
  }

  /** The exchange has become something else, or is done: nothing more is expected of it. */
  protected finish(status: number): void {
    this.#leaveOrigin()
    this.#state = 'over'
    this.#tellOver(status, false)
  }

  #refuse(refusal: Refusal): void {
    this.#state = 'over'
    const { incoming, outgoing, extra } = this.#of
    answer(incoming, outgoing, refusal, extra)
    this.#tellOver(refusal.status, true)
  }

  /** The response cannot be finished: without a clean end the client can tell. */
  #cut(error: string): void {
    this.#state = 'over'
    clearTimeout(this.#stall)
    const { outgoing, target } = this.#of
    this.#env.failed(target, 'ResponseBrokeOff', error)
    this.#controller?.abort(new Error(error))
    outgoing.destroy()
    this.#tellOver(outgoing.statusCode, false)
  }

  readonly #onClientClosed = (): void => {
    clearTimeout(this.#stall)
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#controller?.abort(new Error('client gone'))
    this.#tellOver(CLIENT_GONE, false)
  }

  #leaveOrigin(): void {
    if (this.#endpoint) this.#endpoint.origin.inFlight--
  }

  #tellOver(status: number, byGateway: boolean): void {
    this.#env.over(this.#of.target, status, byGateway, this.#of.startedAt)
  }
}
