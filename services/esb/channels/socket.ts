import type { IncomingMessage } from 'node:http'
import { reasonOf } from '#lib/error.ts'
import type { WebSocket, WsRoute } from '#lib/ws.ts'
import type { ApiDeps } from '../http/route.ts'
import { catchUp } from './catch-up.ts'
import type { Hub } from './hub.ts'
import { type From, fromIn } from './position.ts'

const PATH = '/channels/'
/** Subscribers that read the log on their own at once: each takes a channel of the connection. */
const MAX_LATECOMERS = 32
const MAX_CHANNEL_CHARS = 200
/** Messages that may wait for a slow subscriber before it is cut. */
const WAITING_MESSAGES = 8

type Deps = Pick<ApiDeps, 'config' | 'broker' | 'clock' | 'log' | 'metrics'> & { readonly hub: Hub }

/** What one subscriber asks for: `/channels/<channel>?namespace=&from=`. */
export interface Subscription {
  /** `namespace/channel`. */
  readonly channel: string
  readonly from: From
}

/** Undefined when it cannot be understood. */
export function subscriptionIn(url: string, defaultNamespace: string, now: number): Subscription | undefined {
  const { pathname, searchParams } = new URL(url, 'http://esb')
  const name = decoded(pathname.slice(PATH.length))
  const from = fromIn(searchParams.get('from'), now)
  if (name === undefined || name === '' || name.length > MAX_CHANNEL_CHARS || from === undefined) return undefined
  return { channel: `${searchParams.get('namespace') || defaultNamespace}/${name}`, from }
}

/** Each message of a channel as one JSON frame; `?from=` goes on where a former connection ended. What subscribers say is not heard. */
export function channelSocket({ config, broker, clock, log, metrics, hub }: Deps): WsRoute {
  const cuts = metrics.counter('soa_esb_subscribers_cut_total', 'Subscribers that had fallen too far behind')
  const maxBuffer = WAITING_MESSAGES * config.maxMessageBytes
  let latecomers = 0
  const asked = ({ url = PATH }: IncomingMessage) => subscriptionIn(url, config.namespace, clock.now())

  function follow(socket: WebSocket, channel: string, after: number): void {
    if (socket.readyState !== socket.OPEN) return
    const leave = hub.join({
      ...{ channel, after },
      push(text) {
        if (socket.bufferedAmount <= maxBuffer) return socket.send(text)
        cuts.inc()
        leave()
        socket.terminate()
      },
    })
    socket.on('close', leave)
  }

  async function resume(socket: WebSocket, channel: string, from: Exclude<From, { kind: 'next' }>): Promise<void> {
    const gone = new AbortController()
    socket.on('close', () => gone.abort())
    latecomers += 1
    try {
      const send = (text: string) => sent(socket, text)
      const join = (after: number) => follow(socket, channel, after)
      await catchUp(broker.consuming, hub, { channel, from, send, gone: gone.signal }, join)
    } catch (error) {
      if (gone.signal.aborted) return
      log.warn({ channel, error: reasonOf(error) }, 'Subscriber could not be brought up to date')
      // RFC 6455 and its registry: 1012, the client may come again, from the last offset that it has.
      socket.close(1012, 'the log cannot be read now')
    } finally {
      latecomers -= 1
    }
  }

  return {
    matches: (path) => path.startsWith(PATH),
    refuse(request) {
      const wanted = asked(request)
      if (wanted === undefined) return 400
      return hub.isFull() || (wanted.from.kind !== 'next' && latecomers >= MAX_LATECOMERS) ? 503 : undefined
    },
    accept(socket, request) {
      const { channel, from } = asked(request) as Subscription
      if (from.kind === 'next') follow(socket, channel, -1)
      else void resume(socket, channel, from)
    },
  }
}

function sent(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => socket.send(text, (error) => (error ? reject(error) : resolve())))
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
