import { afterAll, beforeAll, expect } from 'vitest'
import type { Amqp, ConfirmChannel } from '#lib/amqp.ts'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import type { EsbConfig } from '#services/esb/config.ts'
import { routeOf, toQueue } from '#test/gen/mediation.ts'
import { connections } from './amqp.ts'
import { startBroker, type TestBroker } from './broker.ts'
import { type ApiBed, startApi } from './esb-api.ts'
import { eventually } from './eventually.ts'

/** The bus on a real broker, and the hands of an operator who looks after its dead letters. */
export interface LetterBed {
  /** Resolves once these routes, and no others, take messages. */
  readonly run: ApiBed['run']
  /** One more replica on the same broker; whoever starts it stops it. */
  readonly another: (overrides?: Partial<EsbConfig>) => Promise<ApiBed>
  readonly url: () => string
  readonly stop: () => Promise<void>
  /** In the place of the one that was stopped. */
  readonly startAgain: () => Promise<void>
  /** A GET, or a POST where there is a body. */
  readonly call: Call
  readonly look: (object: string, query?: string) => Promise<Looked>
  /** Lets messages with these ids die of their schema, one after the other. */
  readonly die: (object: string, ...ids: readonly string[]) => Promise<void>
  readonly hasLetters: (object: string, deadLetters: number) => Promise<unknown>
  /** A client that is not the bus. */
  readonly client: () => Promise<{ readonly probe: ConfirmChannel; readonly amqp: Amqp }>
}

type Call = <T = Record<string, unknown>>(
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
  url?: string,
) => Promise<{ readonly status: number; readonly body: T }>

export interface Looked {
  readonly depth: number
  readonly looked: number
  readonly letters: readonly Record<string, unknown>[]
}

export interface Counts {
  readonly routes: readonly { readonly route: string; readonly deadLetters: number }[]
}

/** Where those messages go that do not die. */
export const LETTER_OUT = 'esb-dead-out'

const full = 64 * 1024 * 1024
const shape = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } }

/** A route whose messages without a total die at once. */
export function strict(object: string, changes: Partial<MessageRouteEntry> = {}): MessageRouteEntry {
  return {
    ...routeOf([{ kind: 'validate', name: 'shape', schema: shape }], [toQueue(LETTER_OUT)]),
    ...{ object, http: true, maxQueueBytes: full, maxDeadLetterBytes: full },
    retry: { attempts: 1, baseMs: 1_000, maxMs: 1_000 },
    ...changes,
  }
}

/** The same route, mended: everything passes. */
export const mended = (object: string) => strict(object, { steps: [], generation: 2 })

export const idsIn = ({ letters }: Looked) => letters.map(({ id }) => id)

/** Of one test file, on a broker of its own; call it once in the file. */
export function letterBed(): LetterBed {
  let broker: TestBroker
  let bed: ApiBed
  beforeAll(async () => {
    broker = await startBroker()
    bed = await startApi(broker.url)
  })
  afterAll(async () => {
    await bed?.stop()
    await broker?.stop()
  })
  const connection = connections(() => broker.url)

  const call: Call = async (path, body, headers = {}, url = bed.url) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(url + path, { ...init, headers: { 'content-type': 'application/json', ...headers } })
    return { status: response.status, body: (await response.json()) as never }
  }

  function hasLetters(object: string, deadLetters: number): Promise<unknown> {
    const route = `default/${object}`
    return eventually(async () => {
      const { routes } = (await call<Counts>('/dead-letters')).body
      expect(routes).toContainEqual({ route, deadLetters })
    })
  }

  return {
    run: (...entries) => bed.run(...entries),
    another: (overrides) => startApi(broker.url, overrides),
    url: () => bed.url,
    stop: () => bed.stop(),
    async startAgain() {
      bed = await startApi(broker.url)
    },
    call,
    hasLetters,
    look: async (object, query = '') => (await call<Looked>(`/dead-letters/default/${object}${query}`)).body,
    async die(object, ...ids) {
      for (const [index, id] of ids.entries()) {
        await call(`/messages/${object}`, { of: id }, { 'idempotency-key': id })
        await hasLetters(object, index + 1)
      }
    },
    async client() {
      const { probe, amqp, start } = connection()
      await start()
      return { probe: probe(), amqp }
    },
  }
}
