import { describe, expect, it } from 'vitest'
import { idsIn, letterBed, strict } from '#test/kit/letter-bed.ts'

const { run, another, call, look, die, hasLetters } = letterBed()

describe('a look at dead letters', () => {
  it('shows why each is dead, and takes nothing however often one looks', async () => {
    await run(strict('looks'))
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
    await run(strict('picks'))
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
    await run(strict('crowds'))
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
    await run(strict('counted'), strict('empty'))
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

describe('operations', () => {
  it('need the control token where one is set; messages need none', async () => {
    const guarded = await another({ controlToken: 'secret' })
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
    await run(strict('shown'))
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
