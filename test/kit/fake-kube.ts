import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One request to the fake API: which of its sort it is (0 = first), and the means to misbehave. */
export interface Call {
  readonly n: number
  readonly path: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** The one collection that counts as listed or watched; everything else is `other`. */
export const THINGS = '/apis/test.soaplane.dev/v1/things'

export type Answer = (call: Call) => void

export interface FakeKube {
  readonly kubeconfig: string
  /** How often each was called. */
  readonly calls: { readonly list: Call[]; readonly watch: Call[]; readonly other: Call[] }
  /** The sorts of all calls, in order. */
  readonly order: ('list' | 'watch' | 'other')[]
  /** Connections that are open now. */
  readonly open: () => number
  /** Watches that are open now. */
  readonly watching: () => number
  readonly stop: () => Promise<void>
}

/** A real HTTP server in the API server's place, for the faults that the real one cannot be made to show. */
export async function fakeKube(script: { list?: Answer; watch?: Answer; other?: Answer }): Promise<FakeKube> {
  const calls = { list: [] as Call[], watch: [] as Call[], other: [] as Call[] }
  const order: FakeKube['order'] = []
  const sockets = new Set<Socket>()
  const watches = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const { pathname, searchParams: query } = new URL(request.url as string, 'http://fake')
    const sort = request.method !== 'GET' || pathname !== THINGS ? 'other' : query.has('watch') ? 'watch' : 'list'
    const call = { n: calls[sort].length, path: pathname, query, request, response }
    calls[sort].push(call)
    order.push(sort)
    if (sort === 'watch') {
      watches.add(response)
      response.on('close', () => watches.delete(response))
    }
    ;(script[sort] ?? fails(500))(call)
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-fake-kube-'))
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigText(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  return {
    kubeconfig,
    calls,
    order,
    open: () => sockets.size,
    watching: () => watches.size,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
      rmSync(folder, { recursive: true })
    },
  }
}

function kubeconfigText(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: { token: 'fake-token' } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
  })
}

/** An object as the API gives it; `version` is its resourceVersion, `uid` follows the name unless given. */
export function item(name: string, version: string | number, extra: { generation?: number; uid?: string } = {}) {
  const { generation = 1, uid = `uid-${name}` } = extra
  return { metadata: { name, namespace: 'default', uid, generation, resourceVersion: String(version) } }
}

/** A list of these at this version, `token` leading to the next page. */
export function lists(version: string | number, items: readonly object[], token?: string): Answer {
  return answers(200, { metadata: { resourceVersion: String(version), ...(token && { continue: token }) }, items })
}

export function answers(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return ({ response }) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
}

/** A refusal in the API's own form. */
export function fails(code: number, reason = 'InternalError', headers: Record<string, string> = {}): Answer {
  return answers(code, { kind: 'Status', code, reason, message: 'told to fail' }, headers)
}

/** A watch that tells these events and stays open. */
export function streams(...events: readonly object[]): Answer {
  return ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    for (const event of events) response.write(`${JSON.stringify(event)}\n`)
  }
}

/** A watch that tells these events and ends. */
export function ends(...events: readonly object[]): Answer {
  return (call) => {
    streams(...events)(call)
    call.response.end()
  }
}

/** Cuts the connection with a TCP reset. */
export const resets: Answer = ({ request }) => void request.socket.resetAndDestroy()

/** Takes the request and never answers. */
export const hangs: Answer = () => {}

/** The first answer for the first call, the last for every call after them. */
export function inTurn(...turns: readonly [Answer, ...Answer[]]): Answer {
  return (call) => (turns[Math.min(call.n, turns.length - 1)] as Answer)(call)
}

export function event(type: string, object: object): object {
  return { type, object }
}

export function bookmark(version: string | number): object {
  return event('BOOKMARK', { metadata: { resourceVersion: String(version) } })
}
