import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type Counts, idsIn, LETTER_OUT, type Looked, letterBed, mended, strict } from '#test/kit/letter-bed.ts'

const { run, another, url, stop, startAgain, call, look, die, client } = letterBed()

/** Ids of what came out, copies included. */
async function outlet(): Promise<readonly string[]> {
  const { probe } = await client()
  await probe.assertQueue(LETTER_OUT, { durable: true })
  await probe.purgeQueue(LETTER_OUT)
  const got: string[] = []
  await probe.consume(LETTER_OUT, (message) => message && got.push(JSON.parse(message.content.toString()).of), {
    noAck: true,
  })
  return got
}

describe('a replay', () => {
  it('sends what is meant through the route as it is now, and leaves the rest in its order', async () => {
    await run(strict('replays'))
    await die('replays', 'a', 'b', 'c', 'd')
    const got = await outlet()
    await run(mended('replays'))
    const order = { filter: "{% body.of in ['b', 'd'] %}", rate: '1000/1s' }
    const replay = await call('/dead-letters/default/replays/replay', order)
    expect(replay.body).toEqual({ matched: 2, replayed: 2, skipped: 2, failed: 0, remaining: 0 })
    await eventually(() => expect(got).toEqual(['b', 'd']))
    expect(idsIn(await look('replays'))).toEqual(['a', 'c'])
  })

  it('begins its tries anew, and tells how often it was replayed', async () => {
    await run(strict('again'))
    await die('again', 'a')
    await call('/dead-letters/default/again/replay', {})
    const [letter] = await eventually(async () => {
      const { letters } = await look('again')
      return letters[0]?.replays === 1 && letters
    })
    expect([letter?.id, letter?.attempts, letter?.history]).toEqual(['a', 1, [expect.anything(), expect.anything()]])
  })

  it('tells what it would do when it is not in earnest', async () => {
    await run(strict('dry'))
    await die('dry', 'a', 'b')
    const replay = await call('/dead-letters/default/dry/replay', { ids: ['a'], dryRun: true })
    expect(replay.body).toEqual({ matched: 1, replayed: 0, skipped: 1, failed: 0, remaining: 0, dryRun: true })
    expect(idsIn(await look('dry'))).toEqual(['a', 'b'])
  })

  it('ends at its limit and tells what is left', async () => {
    await run(strict('limits'))
    await die('limits', 'a', 'b', 'c')
    await run(mended('limits'))
    const replay = await call('/dead-letters/default/limits/replay', { limit: 2 })
    expect(replay.body).toEqual({ matched: 2, replayed: 2, skipped: 0, failed: 0, remaining: 1 })
    expect(idsIn(await look('limits'))).toEqual(['c'])
  })

  it('is one at a time, on whichever replica it is asked for', async () => {
    const other = await another()
    try {
      await run(strict('turns'))
      await other.run(strict('turns'))
      await die('turns', 'a', 'b', 'c')
      // The first at once; for the second it would wait ten seconds.
      const slow = call<Record<string, unknown>>('/dead-letters/default/turns/discard', { all: true, rate: '2/20s' })
      const count = async () => (await call<Counts>('/dead-letters')).body.routes[0]?.deadLetters
      // One is gone, and another is in hand.
      await eventually(async () => expect(await count()).toBe(1))
      const path = '/dead-letters/default/turns/replay'
      const statuses = [url(), other.url].map(async (url) => (await call(path, { dryRun: true }, {}, url)).status)
      expect(await Promise.all(statuses)).toEqual([409, 409])
      await stop()
      expect((await slow).body).toMatchObject({ stopped: 'this replica stops' })
      const { body } = await call<{ depth: number }>('/dead-letters/default/turns', undefined, {}, other.url)
      expect(body.depth).toBe(3 - ((await slow).body.discarded as number))
    } finally {
      await other.stop()
      await startAgain()
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
    await run(strict('refusals'))
    expect(await call(path, body)).toMatchObject({ status, body: { reason } })
  })
})

describe('a discard', () => {
  it('drops what is meant, also of a route that is gone', async () => {
    await run(strict('drops'))
    await die('drops', 'a', 'b', 'c')
    await run()
    const discard = await call('/dead-letters/default/drops/discard', { ids: ['b', 'c'] })
    expect(discard.body).toEqual({ matched: 2, discarded: 2, skipped: 1, failed: 0, remaining: 0 })
    expect(idsIn(await look('drops'))).toEqual(['a'])
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
