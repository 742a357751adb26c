import type { ConsumeMessage } from '#lib/amqp.ts'
import type { MessageRouteEntry, RouteStep } from '#lib/model/esb.ts'
import { routeOf, toQueue } from '#test/gen/mediation.ts'
import type { TestConnection } from './amqp.ts'

/** Where messages that came in over HTTP go. */
export const INGRESS_OUT = 'esb-ingress-out'

const full = 64 * 1024 * 1024

/** A route that takes messages over HTTP. */
export function httpRoute(
  object: string,
  steps: readonly RouteStep[] = [],
  changes: Partial<MessageRouteEntry> = {},
): MessageRouteEntry {
  const limits = {
    http: true,
    maxQueueBytes: full,
    maxDeadLetterBytes: full,
    retry: { attempts: 1, baseMs: 1_000, maxMs: 1_000 },
  }
  return { ...routeOf(steps, [toQueue(INGRESS_OUT)]), object, ...limits, ...changes }
}

/** What comes out at the other end, in order; read by a client that is not the bus. */
export async function outletOf(
  { probe, start }: TestConnection,
  onMessage: (message: ConsumeMessage) => void = () => {},
): Promise<readonly ConsumeMessage[]> {
  await start()
  await probe().assertQueue(INGRESS_OUT, { durable: true })
  await probe().purgeQueue(INGRESS_OUT)
  const got: ConsumeMessage[] = []
  await probe().consume(
    INGRESS_OUT,
    (message) => {
      if (message === null) return
      got.push(message)
      onMessage(message)
    },
    { noAck: true },
  )
  return got
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const response = await fetch(url, { method: 'POST', body, headers })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}
