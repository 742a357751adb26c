import { type LookupAddress, lookup } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect, type LookupFunction } from 'node:net'
import { reasonOf } from '#lib/error.ts'
import { deadline } from '#lib/kube/deadline.ts'
import { forbiddenAddress } from '#lib/model/address.ts'
import type { HealthCheck } from '#lib/model/registry.ts'
import type { Outcome } from './state.ts'

export interface Probed {
  readonly outcome: Outcome
  /** Why it failed, for people. */
  readonly reason?: string
}

/** Asks one endpoint how it is, on a connection of its own: it must still take any. Never rejects. */
export async function probe(url: string, check: HealthCheck, signal: AbortSignal): Promise<Probed> {
  const limit = deadline(check.timeoutMs, signal)
  try {
    return await (check.type === 'tcp' ? tcp(url, limit.signal) : http(url, check.path, limit.signal))
  } catch (error) {
    const [reason = ''] = reasonOf(error).split('\n')
    return { outcome: 'fail', reason: limit.signal.aborted ? `no answer within ${check.timeoutMs} ms` : reason }
  } finally {
    limit.end()
  }
}

function http(base: string, path: string, signal: AbortSignal): Promise<Probed> {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send(url, {
      // One-off: ten thousand endpoints must leave no connection open.
      agent: false,
      lookup: allowedLookup,
      headers: { 'user-agent': 'soaplane-registry', accept: '*/*' },
      signal,
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const { statusCode = 0 } = response
      // What it says matters little and may be endless.
      response.on('error', () => {}).destroy()
      resolve(
        statusCode >= 200 && statusCode < 400
          ? { outcome: 'pass' }
          : { outcome: 'fail', reason: `answered ${statusCode}` },
      )
    })
    request.end()
  })
}

function tcp(url: string, signal: AbortSignal): Promise<Probed> {
  const { hostname, port, protocol } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      lookup: allowedLookup,
      signal,
    })
    socket.once('connect', () => {
      socket.destroy()
      resolve({ outcome: 'pass' })
    })
    socket.on('error', reject)
  })
}

// A name may have come to point at what registration refuses as an address.
const allowedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '')
    const allowed = addresses.filter(({ address, family }) => isAllowed(address, family))
    const [first] = allowed
    if (first === undefined) return callback(new Error('the name leads to a forbidden address'), '')
    if (options.all) callback(null, allowed)
    else callback(null, first.address, first.family)
  })
}

function isAllowed(address: string, family: number): boolean {
  return forbiddenAddress(`http://${family === 6 ? `[${address}]` : address}/`) === undefined
}
