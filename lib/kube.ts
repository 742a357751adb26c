import type { Dispatcher } from 'undici'
import { SoaError } from './error.ts'
import { type Account, accountOf } from './kube/account.ts'
import { deadline, unlessAborted } from './kube/deadline.ts'
import { KubeError, lost, malformed, refusal, type Status, streamRefusal } from './kube/fault.ts'
import { createLines } from './kube/lines.ts'
import { pathTo, TOKEN_REVIEWS } from './kube/paths.ts'
import { createTransport } from './kube/transport.ts'
import type { Metrics } from './metrics.ts'

export { answered, KubeError } from './kube/fault.ts'

/** Any object of the API, as far as every object is alike. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly generation?: number
  }
}

export interface KubePage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly KubeObject[]
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: KubeObject
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface ReviewedToken {
  readonly authenticated: boolean
  readonly username?: string
  readonly groups: readonly string[]
  /** Why not, in the API server's words. */
  readonly error?: string
}

/** The Kubernetes API: exact JSON in and out, every fault a KubeError. */
export interface Kube {
  /** Undefined when there is no such object. */
  readonly get: <T = KubeObject>(path: string, signal?: AbortSignal) => Promise<T | undefined>
  readonly create: <T = KubeObject>(path: string, body: object, signal?: AbortSignal) => Promise<T>
  /** PUT: the body's resourceVersion decides whether it still applies (409 when not). */
  readonly replace: <T = KubeObject>(path: string, body: object, signal?: AbortSignal) => Promise<T>
  readonly replaceStatus: <T = KubeObject>(path: string, body: object) => Promise<T>
  readonly remove: (path: string, only?: { readonly uid?: string; readonly resourceVersion?: string }) => Promise<void>
  readonly list: (path: string, query: Query, signal?: AbortSignal) => Promise<KubePage>
  /** Resolves when the server ends the stream, rejects on any fault, ERROR events included. */
  readonly watch: (path: string, query: Query, reader: WatchReader) => Promise<void>
  readonly reviewToken: (token: string, audiences?: readonly string[]) => Promise<ReviewedToken>
  readonly close: () => Promise<void>
}

export interface WatchReader {
  readonly signal: AbortSignal
  readonly onOpen: () => void
  readonly onEvent: (event: WatchEvent) => void
}

export interface KubeOptions {
  /** A kubeconfig file; without one, the pod's service account, else KUBECONFIG or ~/.kube/config. */
  readonly kubeconfig?: string | undefined
  readonly metrics: Metrics
  /** Whole time for one request, or for a watch to open. */
  readonly deadlineMs?: number
}

const MAX_WATCH_LINE = 32 * 1024 * 1024

/** Connects on first use. */
export async function createKube({ kubeconfig, metrics, deadlineMs = 30_000 }: KubeOptions): Promise<Kube> {
  const own = kubeconfig === undefined ? accountOf(process.env) : undefined
  const account = own ?? (await configured(kubeconfig))
  const { server } = account
  const prefix = server.pathname.replace(/\/$/, '')
  const transport = createTransport(account)
  const requests = metrics.counter('rest_client_requests_total', 'Requests to the API server.', [
    'code',
    'method',
    'host',
  ])

  async function open(
    method: Dispatcher.HttpMethod,
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<Dispatcher.ResponseData> {
    let code = '<error>'
    try {
      const { dispatcher, headers } = await unlessAborted(transport.credentials(), signal)
      const response = await dispatcher.request({
        origin: server.origin,
        path: `${prefix}${path}`,
        method,
        headers: { ...headers, accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
        body: body ? JSON.stringify(body) : null,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      code = String(response.statusCode)
      return response
    } finally {
      requests.inc({ code, method, host: server.host })
    }
  }

  async function ask<T>(method: Dispatcher.HttpMethod, path: string, body?: object, parent?: AbortSignal): Promise<T> {
    const limit = deadline(deadlineMs, parent)
    const what = `${method} ${path.replace(/\?.*/, '')}`
    try {
      const response = await open(method, path, limit.signal, body)
      const text = await response.body.text()
      if (response.statusCode >= 300) {
        throw refusal(what, response.statusCode, text, response.headers['retry-after'], Date.now())
      }
      return parsed(what, text) as T
    } catch (error) {
      throw lost(what, error)
    } finally {
      limit.end()
    }
  }

  async function watch(path: string, query: Query, { signal, onOpen, onEvent }: WatchReader): Promise<void> {
    const what = `WATCH ${path}`
    const limit = deadline(deadlineMs, signal)
    try {
      const response = await open('GET', `${path}${search({ ...query, watch: true })}`, limit.signal)
      if (response.statusCode !== 200) {
        throw refusal(
          what,
          response.statusCode,
          await response.body.text(),
          response.headers['retry-after'],
          Date.now(),
        )
      }
      limit.met()
      onOpen()
      const lines = createLines(MAX_WATCH_LINE, (line) => onEvent(eventIn(what, line)))
      for await (const chunk of response.body) lines.push(chunk as Uint8Array)
      if (lines.rest() !== '') throw malformed(what, 'was cut off in the middle of a line')
    } catch (error) {
      throw lost(what, error)
    } finally {
      limit.end()
    }
  }

  return {
    get: (path, signal) => ask<never>('GET', path, undefined, signal).catch(absentIsUndefined),
    create: (path, body, signal) => ask('POST', path, body, signal),
    replace: (path, body, signal) => ask('PUT', path, body, signal),
    replaceStatus: (path, body) => ask('PUT', `${path}/status`, body),
    async remove(path, only) {
      await ask('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', ...(only && { preconditions: only }) })
    },
    list: (path, query, signal) => ask('GET', `${path}${search(query)}`, undefined, signal),
    watch,
    async reviewToken(token, audiences = []) {
      const review = await ask<TokenReview>('POST', pathTo(TOKEN_REVIEWS), {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, ...(audiences.length > 0 && { audiences }) },
      })
      return reviewed(review)
    },
    close: transport.close,
  }
}

/** The account of a kubeconfig. The library is imported here: its 90 MB and half a second are for those who have one. */
async function configured(kubeconfig: string | undefined): Promise<Account> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig)
    else config.loadFromDefault()
  } catch (cause) {
    throw new SoaError('SOA_CONFIG_INVALID', `Kubernetes configuration cannot be read (${kubeconfig ?? 'default'})`, {
      cause,
    })
  }
  const cluster = config.getCurrentCluster()
  // The library falls back to localhost:8080 where nothing is configured: a guess that only delays the answer.
  // It also takes a mounted account for a cluster where no address is given: that of a container which is no pod.
  if (!cluster || config.currentContext === 'loaded-context' || !URL.canParse(cluster.server)) {
    throw new SoaError('SOA_CONFIG_INVALID', 'No Kubernetes configuration: give a kubeconfig file or run in a pod')
  }
  return {
    server: new URL(cluster.server),
    applyToHTTPSOptions: (options) => config.applyToHTTPSOptions(options),
    applySecurityAuthentication: (context) => config.applySecurityAuthentication(context),
  }
}

function search(query: Query): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value))
  return text.size === 0 ? '' : `?${text}`
}

function absentIsUndefined(error: unknown): undefined {
  if (error instanceof KubeError && error.status === 404) return undefined
  throw error
}

function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed(what, 'answered what is not JSON', cause)
  }
}

function eventIn(what: string, line: string): WatchEvent {
  const event = parsed(what, line) as { readonly type?: unknown; readonly object?: unknown } | null
  if (event?.type === 'ERROR') throw streamRefusal(what, (event.object ?? {}) as Status)
  const known = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(event?.type as string)
  const meta = (event?.object as KubeObject | undefined)?.metadata
  if (!known || typeof meta?.resourceVersion !== 'string') throw malformed(what, 'sent an event of no known form')
  return event as unknown as WatchEvent
}

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean
    readonly error?: string
    readonly user?: { readonly username?: string; readonly groups?: readonly string[] }
  }
}

function reviewed({ status }: TokenReview): ReviewedToken {
  return {
    authenticated: status?.authenticated === true,
    groups: status?.user?.groups ?? [],
    ...(status?.user?.username && { username: status.user.username }),
    ...(status?.error && { error: status.error }),
  }
}
