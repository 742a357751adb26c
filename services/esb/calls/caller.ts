import { Agent } from 'undici'
import type { Clock } from '#lib/clock.ts'
import type { Discovery } from '#lib/discovery-client.ts'
import { reasonOf } from '#lib/error.ts'
import { type EndpointHealth, usable } from '#lib/model/health.ts'
import type { Part } from '#lib/run.ts'
import type { Failure } from '../mediations/message.ts'
import type { ServiceAnswer, ServiceRequest } from '../mediations/plan.ts'
import { type Breaker, type BreakerRule, createBreaker } from './breaker.ts'
import { refusalOf } from './verdict.ts'

/** Calls registered services over HTTP; the next endpoint each time, none while its circuit is open. */
export interface Caller extends Part {
  readonly call: (request: ServiceRequest) => Promise<ServiceAnswer>
}

export interface CallerOptions {
  readonly discovery: Pick<Discovery, 'of'>
  readonly clock: Clock
  readonly maxAnswerBytes: number
  readonly breaker?: BreakerRule
}

const BREAKER: BreakerRule = { after: 5, openMs: 5_000 }
const CONNECTIONS = 64

export function createCaller({ discovery, clock, maxAnswerBytes, breaker = BREAKER }: CallerOptions): Caller {
  // Of fetch's rules none is wanted: no redirects followed, no decoding, what came is handed on.
  const agent = new Agent({ connections: CONNECTIONS, pipelining: 1, keepAliveTimeout: 4_000 })
  const breakers = new Map<string, Breaker>()
  let turn = 0

  function breakerOf(url: string): Breaker {
    const known = breakers.get(url) ?? createBreaker(breaker)
    breakers.set(url, known)
    return known
  }

  /** The next endpoint whose circuit is closed; else how long until one may be. */
  function choose(service: string): { readonly endpoint: EndpointHealth } | { readonly waitMs: number } | undefined {
    const endpoints = usable(discovery.of(service)?.endpoints ?? [])
    turn += 1
    let waitMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[(turn + i) % endpoints.length] as EndpointHealth
      const wait = breakerOf(endpoint.url).closedFor(clock.monotonic())
      if (wait === 0) return { endpoint }
      waitMs = Math.min(waitMs, wait)
    }
    return endpoints.length === 0 ? undefined : { waitMs }
  }

  async function call(request: ServiceRequest): Promise<ServiceAnswer> {
    const { service, serviceName } = request
    const chosen = choose(service)
    if (chosen === undefined)
      return failed({ reason: 'ServiceFailed', message: `${serviceName} has no endpoint that is up` })
    if ('waitMs' in chosen) {
      const message = `${serviceName} failed too often of late`
      return failed({ reason: 'CircuitOpen', message, retryAfterMs: chosen.waitMs })
    }
    const { url } = chosen.endpoint
    try {
      const answer = await exchange(url, request)
      const { status } = answer
      const refusal = refusalOf({ status, retryAfter: answer.headers['retry-after'] }, serviceName, clock.now())
      // What is refused for good says nothing ill of the service.
      breakerOf(url).tell(refusal?.class !== 'Transient', clock.monotonic())
      return refusal === undefined ? { ok: true, ...answer } : { ok: false, failure: refusal }
    } catch (error) {
      breakerOf(url).tell(false, clock.monotonic())
      return failed(faultOf(error, request))
    }
  }

  async function exchange(url: string, { method, path, headers, body, timeoutMs }: ServiceRequest) {
    const base = new URL(url)
    const response = await agent.request({
      origin: base.origin,
      path: `${base.pathname === '/' ? '' : base.pathname}${path}`,
      method: method as 'GET',
      headers: { ...headers },
      body: body ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.statusCode, headers: plain(response.headers), body: await whole(response.body) }
  }

  async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of stream) {
      size += piece.length
      if (size > maxAnswerBytes) throw new TooLarge(`answer is over ${maxAnswerBytes} bytes`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  return { name: 'service calls', start() {}, stop: () => agent.destroy(), call }
}

class TooLarge extends Error {}

function faultOf(error: unknown, { serviceName, timeoutMs }: ServiceRequest): Omit<Failure, 'class'> {
  if (error instanceof TooLarge) return { reason: 'ServiceFailed', message: `${serviceName}: ${error.message}` }
  const isLate = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
  if (isLate) return { reason: 'ServiceTimeout', message: `${serviceName} gave no answer within ${timeoutMs} ms` }
  return { reason: 'ServiceFailed', message: `${serviceName}: ${reasonOf(error)}` }
}

function failed(failure: Omit<Failure, 'class'>): ServiceAnswer {
  return { ok: false, failure: { class: 'Transient', ...failure } }
}

function plain(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
    ),
  )
}
