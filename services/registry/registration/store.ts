import { Agent } from 'undici'
import { reasonOf } from '#lib/error.ts'
import type { Part } from '#lib/run.ts'
import type { Registration } from './parse.ts'

export type Written =
  | { readonly ok: true }
  /** `error` reaches the user. `cause` is for the log. */
  | { readonly ok: false; readonly status: number; readonly error: string; readonly cause?: string }

export interface Instance {
  readonly namespace: string
  readonly name: string
  /** All of them when undefined. */
  readonly instance: string | undefined
}

/** Where registrations are stored: the controller writes them as Service objects to its source. Faults come back as 503. */
export interface Store extends Part {
  readonly put: (registration: Registration, deadlineMs: number) => Promise<Written>
  readonly remove: (instance: Instance, deadlineMs: number) => Promise<Written>
}

export function createStore({ url, token }: { url: () => string; token: string | undefined }): Store {
  const agent = new Agent({ connections: 32 })

  async function ask(method: 'PUT' | 'DELETE', path: string, deadlineMs: number, body?: object): Promise<Written> {
    try {
      const { origin, pathname } = new URL(url())
      const response = await agent.request({
        origin,
        path: `${pathname.replace(/\/$/, '')}/registrations/${path}`,
        method,
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: body ? JSON.stringify(body) : null,
        signal: AbortSignal.timeout(deadlineMs),
      })
      return answered(response.statusCode, problemIn(await response.body.text()))
    } catch (error) {
      return {
        ok: false,
        status: 503,
        error: 'The controller is out of reach; nothing is lost, but try again later',
        cause: reasonOf(error),
      }
    }
  }

  return {
    name: 'registration store',
    start() {},
    stop: () => agent.close(),
    put({ namespace, name, instance, ttlMs, ...rest }, deadlineMs) {
      const { url: own, version, owner, contract, metadata, health } = rest
      const ttl = ttlMs === undefined ? undefined : durationText(ttlMs)
      const body = { url: own, version, owner, contract, metadata, health, ttl }
      return ask('PUT', pathOf({ namespace, name, instance }), deadlineMs, body)
    },
    remove: (instance, deadlineMs) => ask('DELETE', pathOf(instance), deadlineMs),
  }
}

function pathOf({ namespace, name, instance }: Instance): string {
  const parts = instance === undefined ? [namespace, name] : [namespace, name, instance]
  return parts.map(encodeURIComponent).join('/')
}

interface Problem {
  readonly title?: string
  /** Only the controller's own refusals have one: words for the user. */
  readonly detail?: string
}

function answered(status: number, { title, detail }: Problem): Written {
  if (status === 200) return { ok: true }
  if (status >= 400 && status < 500 && detail !== undefined) return { ok: false, status, error: detail }
  const [, namespace] = /namespaces "([^"]*)" not found/.exec(title ?? '') ?? []
  if (namespace !== undefined) return { ok: false, status: 404, error: `Namespace ${namespace} not found` }
  // All else is between the platform's parts (rights, a wrong token): no fault of the one who registers.
  const error = 'The controller could not store this; try again later'
  return { ok: false, status: 503, error, cause: `the controller answered ${status}: ${title ?? 'no reason'}` }
}

function problemIn(text: string): Problem {
  try {
    const { title, detail } = JSON.parse(text) as { title?: unknown; detail?: unknown }
    return { ...(typeof title === 'string' && { title }), ...(typeof detail === 'string' && { detail }) }
  } catch {
    return { title: text.slice(0, 200) }
  }
}

/** A duration as the API writes it, such as `1h30m`. */
export function durationText(ms: number): string {
  const parts = [
    [Math.floor(ms / 3_600_000), 'h'],
    [Math.floor(ms / 60_000) % 60, 'm'],
    [Math.floor(ms / 1_000) % 60, 's'],
    [ms % 1_000, 'ms'],
  ] as const
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join('')
}
