import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { routeOf, toQueue } from '#test/gen/mediation.ts'
import { connections } from '#test/kit/amqp.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type ApiBed, startApi } from '#test/kit/esb-api.ts'
import { eventually } from '#test/kit/eventually.ts'

const full = 64 * 1024 * 1024
const shape = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } }

/** Whose messages without a total die at once. */
function strict(object: string, changes: Partial<MessageRouteEntry> = {}): MessageRouteEntry {
  return {
    ...routeOf([{ kind: 'validate', name: 'shape', schema: shape }], [toQueue('esb-dead-out')]),
    ...{ object, http: true, maxQueueBytes: full, maxDeadLetterBytes: full },
    retry: { attempts: 1, baseMs: 1_000, maxMs: 1_000 },
    ...changes,
  }
}
/** The same route, mended: everything passes. */
const mended = (object: string) => strict(object, { steps: [], generation: 2 })

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

interface Answer<T = Record<string, unknown>> {
  readonly status: number
  readonly body: T
}

async function call<T>(
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  url = bed.url,
): Promise<Answer<T>> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(url + path, { ...init, headers: { 'content-type': 'application/json', ...headers } })
  return { status: response.status, body: (await response.json()) as T }
}

interface Looked {
  readonly depth: number
  readonly looked: number
  readonly letters: readonly Record<string, unknown>[]
}

async function look(object: string, query = ''): Promise<Looked> {
  return (await call<Looked>(`/dead-letters/default/${object}${query}`)).body
}
interface Counts {
  readonly routes: readonly { readonly route: string; readonly deadLetters: number }[]
}

const idsIn = ({ letters }: Looked) => letters.map(({ id }) => id)

/** Lets messages with these ids die of their schema, one after the other. */
async function die(object: string, ...ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries()) {
    await call(`/messages/${object}`, { of: id }, { 'idempotency-key': id })
    await hasLetters(object, index + 1)
  }
}

function hasLetters(object: string, deadLetters: number): Promise<unknown> {
  const route = `default/${object}`
  return eventually(async () => {
    const { routes } = (await call<Counts>('/dead-letters')).body
    expect(routes).toContainEqual({ route, deadLetters })
  })
}

/** A client that is not the bus. */
async function client() {
  const { probe, amqp, start } = connection()
  await start()
  return { probe: probe(), amqp }
}

/** Ids of what came out, copies included. */
async function outlet(): Promise<readonly string[]> {
  const { probe } = await client()
  await probe.assertQueue('esb-dead-out', { durable: true })
  await probe.purgeQueue('esb-dead-out')
  const got: string[] = []
  await probe.consume('esb-dead-out', (message) => message && got.push(JSON.parse(message.content.toString()).of), {
    noAck: true,
  })
  return got
}

describe('a look at dead letters', () => {
  it('shows why each is dead, and takes nothing however often one looks', async () => {
    await bed.run(strict('looks'))
    await die('looks', 'a', 'b', 'c')
    const first = await look('looks')
    expect([first.depth, first.looked, idsIn(first)]).toEqual([3, 3, ['a', 'b', 'c']])
    expect(first.letters[0]).toMatchObject({
      ...{ id: 'a', exchange: '', key: 'default/looks', contentType: 'application/json', body: { of: 'a' }, bytes: 10 },
      ...{ reason: 'SchemaViolation', step: 'shape', message: expect.stringContaining('total') },
      ...{ attempts: 1, replays: 0, failedAt: expect.stringMatching(/^\d{4}-/) },
      history: [{ at: expect.any(String), reason: 'SchemaViolation', message: expect.any(String), step: 'shape' }],
    })
    for (let again = 0; again < 30; again++) expect(idsIn(await look('looks'))).toEqual(['a', 'b', 'c'])
  })

  it('shows a few, those that a filter means, or one by its id and whole', async () => {
    await bed.run(strict('picks'))
    const large = 'x'.repeat(20_000)
    await call('/messages/picks', { of: 'large', large }, { 'idempotency-key': 'large' })
    await hasLetters('picks', 1)
    await call('/messages/picks', { of: 'small' }, { 'idempotency-key': 'small' })
    await hasLetters('picks', 2)
    expect(idsIn(await look('picks', '?limit=1'))).toEqual(['large'])
    const filter = encodeURIComponent("{% reason = 'SchemaViolation' and body.of = 'small' %}")
    expect(await look('picks', `?filter=${filter}`)).toMatchObject({ depth: 2, looked: 2, letters: [{ id: 'small' }] })
    const cut = (await look('picks')).letters.find(({ id }) => id === 'large')
    expect([cut?.truncated, cut?.bytes]).toEqual([true, JSON.stringify({ of: 'large', large }).length])
    const [whole] = (await look('picks', '?id=large')).letters
    expect([whole?.truncated, whole?.body]).toEqual([undefined, { of: 'large', large }])
    // As it is shown it can be tried out.
    const plan = await call<Record<string, unknown>>('/routes/default/picks/plan', whole, {
      'content-type': 'application/vnd.soaplane.message+json',
    })
    expect(plan.body).toMatchObject({ message: 'large', outcome: 'Fail', failure: { reason: 'SchemaViolation' } })
  })

  it('is fair: many at once all see the same', async () => {
    await bed.run(strict('crowds'))
    await die('crowds', 'a', 'b', 'c')
    const looks = await Promise.all(Array.from({ length: 8 }, () => look('crowds')))
    expect(looks.map(idsIn)).toEqual(looks.map(() => ['a', 'b', 'c']))
  })

  it.each([
    { path: '/dead-letters/default/nobody', status: 404, reason: 'QueueNotFound' },
    { path: '/dead-letters/default/looks?limit=101', status: 400, reason: 'LimitInvalid' },
    { path: '/dead-letters/default/looks?filter=reason', status: 400, reason: 'FilterInvalid' },
  ])('$path is refused: $reason', async ({ path, status, reason }) => {
    expect(await call(path)).toMatchObject({ status, body: { reason } })
  })

  it('is counted for each route', async () => {
    await bed.run(strict('counted'), strict('empty'))
    await die('counted', 'a', 'b')
    expect((await call('/dead-letters')).body).toEqual({
      routes: [
        { route: 'default/counted', deadLetters: 2 },
        { route: 'default/empty', deadLetters: 0 },
      ],
      unroutable: expect.any(Number),
    })
  })
})

describe('a replay', () => {
  it('sends what is meant through the route as it is now, and leaves the rest in its order', async () => {
    await bed.run(strict('replays'))
    await die('replays', 'a', 'b', 'c', 'd')
    const got = await outlet()
    await bed.run(mended('replays'))
    const order = { filter: "{% body.of in ['b', 'd'] %}", rate: '1000/1s' }
    const replay = await call('/dead-letters/default/replays/replay', order)
    expect(replay.body).toEqual({ matched: 2, replayed: 2, skipped: 2, failed: 0, remaining: 0 })
    await eventually(() => expect(got).toEqual(['b', 'd']))
    expect(idsIn(await look('replays'))).toEqual(['a', 'c'])
  })

  it('begins its tries anew, and tells how often it was replayed', async () => {
    await bed.run(strict('again'))
    await die('again', 'a')
    await call('/dead-letters/default/again/replay', {})
    const [letter] = await eventually(async () => {
      const { letters } = await look('again')
      return letters[0]?.replays === 1 && letters
    })
    expect([letter?.id, letter?.attempts, letter?.history]).toEqual(['a', 1, [expect.anything(), expect.anything()]])
  })

  it('tells what it would do when it is not in earnest', async () => {
    await bed.run(strict('dry'))
    await die('dry', 'a', 'b')
    const replay = await call('/dead-letters/default/dry/replay', { ids: ['a'], dryRun: true })
    expect(replay.body).toEqual({ matched: 1, replayed: 0, skipped: 1, failed: 0, remaining: 0, dryRun: true })
    expect(idsIn(await look('dry'))).toEqual(['a', 'b'])
  })

  it('ends at its limit and tells what is left', async () => {
    await bed.run(strict('limits'))
    await die('limits', 'a', 'b', 'c')
    await bed.run(mended('limits'))
    const replay = await call('/dead-letters/default/limits/replay', { limit: 2 })
    expect(replay.body).toEqual({ matched: 2, replayed: 2, skipped: 0, failed: 0, remaining: 1 })
    expect(idsIn(await look('limits'))).toEqual(['c'])
  })

  it('is one at a time, on whichever replica it is asked for', async () => {
    const other = await startApi(broker.url)
    try {
      await bed.run(strict('turns'))
      await other.run(strict('turns'))
      await die('turns', 'a', 'b', 'c')
      // The first at once; for the second it would wait ten seconds.
      const slow = call<Record<string, unknown>>('/dead-letters/default/turns/discard', { all: true, rate: '2/20s' })
      const count = async () => (await call<Counts>('/dead-letters')).body.routes[0]?.deadLetters
      // One is gone, and another is in hand.
      await eventually(async () => expect(await count()).toBe(1))
      const path = '/dead-letters/default/turns/replay'
      const statuses = [bed.url, other.url].map(async (url) => (await call(path, { dryRun: true }, {}, url)).status)
      expect(await Promise.all(statuses)).toEqual([409, 409])
      await bed.stop()
      expect((await slow).body).toMatchObject({ stopped: 'this replica stops' })
      const { body } = await call<{ depth: number }>('/dead-letters/default/turns', undefined, {}, other.url)
      expect(body.depth).toBe(3 - ((await slow).body.discarded as number))
    } finally {
      await other.stop()
      bed = await startApi(broker.url)
    }
  })

  it.each([
    { path: '/dead-letters/default/nobody/replay', body: {}, status: 404, reason: 'RouteNotFound' },
    { path: '/dead-letters/default/refusals/replay', body: { limit: 0 }, status: 400, reason: 'OrderInvalid' },
    {
      path: '/dead-letters/default/refusals/replay',
      body: { filter: '{% ( %}' },
      status: 400,
      reason: 'FilterInvalid',
    },
    { path: '/dead-letters/default/refusals/discard', body: {}, status: 400, reason: 'OrderInvalid' },
  ])('$path is refused: $reason', async ({ path, body, status, reason }) => {
    await bed.run(strict('refusals'))
    expect(await call(path, body)).toMatchObject({ status, body: { reason } })
  })
})

describe('a discard', () => {
  it('drops what is meant, also of a route that is gone', async () => {
    await bed.run(strict('drops'))
    await die('drops', 'a', 'b', 'c')
    await bed.run()
    const discard = await call('/dead-letters/default/drops/discard', { ids: ['b', 'c'] })
    expect(discard.body).toEqual({ matched: 2, discarded: 2, skipped: 1, failed: 0, remaining: 0 })
    expect(idsIn(await look('drops'))).toEqual(['a'])
  })
})

describe('the audit', () => {
  it('has who moved what, before and after, the newest first', async () => {
    await bed.run(strict('audited'))
    await die('audited', 'a', 'b')
    const who = { 'x-forwarded-user': 'ada' }
    await call('/dead-letters/default/audited/discard', { filter: "{% id = 'a' %}", limit: 5 }, who)
    const { records } = (await call<{ records: readonly Record<string, unknown>[] }>('/audit?limit=2')).body
    const deed = {
      ...{ action: 'Discard', queue: 'soa.dlq.default.audited', route: 'default/audited', who: 'ada' },
      ...{ operation: records[0]?.operation, at: expect.stringMatching(/^\d{4}-.*Z$/) },
      order: { filter: "{% id = 'a' %}", limit: 5, dryRun: false },
    }
    expect(records).toEqual([
      { ...deed, phase: 'Ended', tally: { matched: 1, done: 1, skipped: 1, failed: 0, remaining: 0 } },
      { ...deed, phase: 'Begun' },
    ])
  })

  it('gives no more than is asked for, however long it is', async () => {
    const { amqp } = await client()
    const write = (n: number) =>
      amqp.publish({
        ...{ exchange: '', routingKey: 'soa.audit', messageId: randomUUID() },
        content: Buffer.from(`{"n":${n}}`),
      })
    await Promise.all(Array.from({ length: 300 }, (_none, n) => write(n)))
    const { records } = (await call<{ records: readonly { n: number }[] }>('/audit?limit=250')).body
    expect(records.map(({ n }) => n)).toEqual(Array.from({ length: 250 }, (_none, n) => 299 - n))
  })
})

describe('the unroutable', () => {
  it('are shown as they were sent, go out again once somebody takes them, or are dropped', async () => {
    const { probe, amqp } = await client()
    const exchange = `test-${randomUUID()}`
    await probe.assertExchange(exchange, 'direct', { durable: true, alternateExchange: 'soa.unroutable' })
    const headers = { tenant: 't', 'soa-hops': 2 }
    const send = (id: string) =>
      amqp.publish({
        ...{ exchange, routingKey: 'nowhere', messageId: id, content: Buffer.from(id) },
        properties: { headers, contentType: 'text/plain', type: 't' },
      })
    await send('one')
    await send('two')
    const mine = `{% exchange = '${exchange}' %}`
    const seen = await call<Looked>(`/unroutable?filter=${encodeURIComponent(mine)}`)
    expect(seen.body.letters).toMatchObject(
      ['one', 'two'].map((id) => ({
        id,
        exchange,
        key: 'nowhere',
        body: id,
        reason: 'Unroutable',
        headers: { tenant: 't' },
      })),
    )
    const { queue } = await probe.assertQueue(`test-${randomUUID()}`, { durable: true })
    await probe.bindQueue(queue, exchange, 'nowhere')
    const replay = await call('/unroutable/replay', { filter: mine, ids: ['one'] })
    expect(replay.body).toMatchObject({ matched: 1, replayed: 1, failed: 0 })
    const got = await eventually(() => probe.get(queue, { noAck: true }))
    expect([got.content.toString(), got.properties.messageId, got.properties.type, got.properties.headers]).toEqual([
      ...['one', 'one', 't'],
      expect.objectContaining(headers),
    ])
    expect((await call('/unroutable/discard', { filter: mine })).body).toMatchObject({ discarded: 1 })
    expect((await call<Looked>(`/unroutable?filter=${encodeURIComponent(mine)}`)).body.letters).toEqual([])
  })
})

describe('operations', () => {
  it('need the control token where one is set; messages need none', async () => {
    const guarded = await startApi(broker.url, { controlToken: 'secret' })
    try {
      await guarded.run(strict('guarded'))
      const paths = [
        '/routes',
        '/dead-letters',
        '/dead-letters/default/guarded',
        '/unroutable',
        '/audit',
        '/asyncapi.json',
      ]
      const statuses = (headers: Record<string, string>) =>
        Promise.all(paths.map(async (path) => (await call(path, undefined, headers, guarded.url)).status))
      expect(await statuses({})).toEqual(paths.map(() => 401))
      expect(await statuses({ authorization: 'Bearer secret' })).toEqual(paths.map(() => 200))
      expect((await call('/messages/guarded', { total: 1 }, {}, guarded.url)).status).toBe(202)
    } finally {
      await guarded.stop()
    }
  })

  it('show how a route fares', async () => {
    await bed.run(strict('shown'))
    await die('shown', 'a')
    const shown = {
      ...{ route: 'default/shown', generation: 1, ready: true, deadLetters: 1, inHand: { count: 0, oldestSeconds: 0 } },
      ...{
        from: [{ http: '/messages/shown' }],
        steps: [{ name: 'shape', kind: 'validate' }],
        to: [{ queue: 'esb-dead-out' }],
      },
      queue: { name: 'soa.route.default.shown', messages: 0, consumers: 1 },
    }
    expect((await call('/routes')).body).toEqual({ routes: [shown] })
    expect((await call('/routes/default/shown')).body).toEqual({ ...shown, spec: strict('shown') })
    expect((await call('/routes/default/nobody')).status).toBe(404)
  })
})

// The last: the bus declares the stream anew, but not at once.
it('moves nothing that it cannot write down first', async () => {
  await bed.run(strict('unwritten'))
  await die('unwritten', 'a')
  const { probe } = await client()
  await probe.deleteQueue('soa.audit')
  const discard = await call('/dead-letters/default/unwritten/discard', { all: true })
  expect(discard).toMatchObject({ status: 503, body: { title: 'The audit cannot be written now: nothing was moved' } })
  expect(idsIn(await look('unwritten'))).toEqual(['a'])
})
