import type { RequestOptions } from 'node:https'
import { Agent, type Dispatcher } from 'undici'
import { contentHash } from '../hash.ts'

/** What is used of client-node's KubeConfig: how to prove who we are, and through which TLS and proxy. */
export interface Authority {
  readonly applyToHTTPSOptions: (options: RequestOptions) => Promise<void>
  readonly applySecurityAuthentication: (context: never) => Promise<void>
}

export interface Transport {
  /** Fresh headers and the pool to send by; asked for each request, since tokens and certificates rotate. */
  readonly credentials: () => Promise<{
    readonly dispatcher: Dispatcher
    readonly headers: Readonly<Record<string, string>>
  }>
  readonly close: () => Promise<void>
}

/** One keep-alive pool for as long as the TLS material stays; the library alone would open a connection a request. */
export function createTransport(authority: Authority): Transport {
  let held: { readonly print: string; readonly dispatcher: Promise<Dispatcher> } | undefined

  return {
    async credentials() {
      const options: RequestOptions = { headers: {} }
      await authority.applyToHTTPSOptions(options)
      const print = printOf(options)
      if (held?.print !== print) {
        const last = held
        held = { print, dispatcher: dispatcherFrom(authority) }
        // A graceful close: watches in hand run to their end on the old certificate.
        last?.dispatcher.then((dispatcher) => dispatcher.close()).catch(() => {})
      }
      return { dispatcher: await held.dispatcher, headers: headersOf(options) }
    },
    async close() {
      const last = held
      held = undefined
      await (await last?.dispatcher)?.destroy()
    },
  }
}

async function dispatcherFrom(authority: Authority): Promise<Dispatcher> {
  let given: Dispatcher | undefined
  const context = {
    setHeaderParam: () => {},
    setDispatcher(dispatcher: Dispatcher) {
      given = dispatcher
    },
  }
  await authority.applySecurityAuthentication(context as never)
  return given ?? new Agent({ connect: { keepAlive: true, keepAliveInitialDelay: 30_000 } })
}

function printOf({ ca, cert, key, servername, rejectUnauthorized }: RequestOptions): string {
  return contentHash([ca, cert, key].map((each) => String(each ?? '')).concat(`${servername} ${rejectUnauthorized}`))
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries((headers ?? {}) as Record<string, unknown>)
  return {
    ...(auth && { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
    // A token file often ends in a line end, which no header may hold.
    ...Object.fromEntries(given.map(([name, value]) => [name, String(value).trim()])),
  }
}
