import { afterEach, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import {
  type Answer,
  bookmark,
  ends,
  event,
  type FakeKube,
  fails,
  fakeKube,
  inTurn,
  item,
  lists,
  streams,
} from '#test/kit/fake-kube.ts'
import { type Reflecting, reflecting } from '#test/kit/reflecting.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function bed(
  script: { list?: Answer; watch?: Answer },
  options: Parameters<typeof reflecting>[1] = {},
): Promise<Reflecting & { fake: FakeKube }> {
  const fake = await fakeKube({ list: lists(1, [item('a', 1)]), watch: streams(), ...script })
  stops.push(fake.stop)
  const made = await reflecting(fake.kubeconfig, options)
  stops.push(made.stop)
  await made.reflector.start()
  return { ...made, fake }
}

it('reads a long list in pages and swaps it in whole', async () => {
  const all = Array.from({ length: 1_200 }, (_, i) => item(`n${i}`, i + 1))
  const page: Answer = (call) => {
    const from = Number(call.query.get('continue') ?? 0)
    const limit = Number(call.query.get('limit'))
    const next = from + limit < all.length ? String(from + limit) : undefined
    lists(2_000, all.slice(from, from + limit), next)(call)
  }
  const { fake, reflector, changes } = await bed({ list: page })
  expect(reflector.objects().size).toBe(1_200)
  expect(fake.calls.list.map(({ query }) => query.get('continue'))).toEqual([null, '500', '1000'])
  expect(changes()).toBe(1)
})

it('starts a list anew after 410 in its middle, and asks for all at once after a second', async () => {
  const list = inTurn(
    lists(1, [item('a', 1)], 'next'),
    fails(410, 'Expired'),
    lists(2, [item('a', 2)], 'next'),
    fails(410, 'Expired'),
    lists(3, [item('a', 3), item('b', 3)]),
  )
  const { fake, held } = await bed({ list })
  expect(held()).toEqual(['a@3', 'b@3'])
  expect(fake.calls.list.map(({ query }) => query.get('limit'))).toEqual(['500', '500', '500', '500', null])
})

it('follows a watch from the version of the list, asking for bookmarks and a bounded time', async () => {
  const watch = streams(
    event('ADDED', item('b', 2)),
    event('MODIFIED', item('a', 3)),
    event('DELETED', item('b', 4)),
    event('ADDED', item('c', 5)),
  )
  const { fake, held } = await bed({ watch })
  await eventually(() => expect(held()).toEqual(['a@3', 'c@5']))
  const query = fake.calls.watch[0]?.query
  expect([query?.get('resourceVersion'), query?.get('allowWatchBookmarks')]).toEqual(['1', 'true'])
  expect(Number(query?.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300)
  expect(Number(query?.get('timeoutSeconds'))).toBeLessThanOrEqual(600)
})

it('goes on from the last bookmark when a watch ends, without a new list or a change told', async () => {
  const { fake, changes } = await bed({ watch: inTurn(ends(bookmark(7)), streams()) })
  await eventually(() => fake.calls.watch.length === 2)
  expect(fake.calls.watch[1]?.query.get('resourceVersion')).toBe('7')
  expect(fake.calls.list.length).toBe(1)
  expect(changes()).toBe(1)
})

it('keeps the reference of what has not changed, over watches and lists', async () => {
  const list = inTurn(lists(1, [item('a', 1), item('b', 1)]), lists(5, [item('a', 1), item('b', 5)]))
  const watch = inTurn(ends(event('ADDED', item('a', 1))), streams(event('ERROR', { code: 410 })), streams())
  const { fake, reflector } = await bed({ list, watch })
  const before = reflector.objects()
  await eventually(() => fake.calls.list.length === 2 && fake.calls.watch.length >= 3)
  const after = reflector.objects()
  expect(after.get('default/a')).toBe(before.get('default/a'))
  expect(after.get('default/b')).not.toBe(before.get('default/b'))
  expect(before.get('default/b')?.metadata.resourceVersion).toBe('1')
})

it('ignores what a lagging watch tells of the past, and mends the rest with the next list', async () => {
  const list = inTurn(
    lists(9, [item('a', 9, { generation: 3 }), item('b', 8, { uid: 'second' })]),
    lists(12, [item('a', 9, { generation: 3 }), item('b', 8, { uid: 'second' })]),
  )
  const old = [
    event('MODIFIED', item('a', 4, { generation: 2 })),
    event('DELETED', item('b', 3, { uid: 'first' })),
    event('ADDED', item('ghost', 2)),
  ]
  const { held } = await bed({ list, watch: inTurn(streams(...old), streams()) }, { pace: { relistMs: 300 } })
  await eventually(() => expect(held()).toEqual(['a@9', 'b@8', 'ghost@2']))
  await eventually(() => expect(held()).toEqual(['a@9', 'b@8']))
})

it('lists again on time even while the watch is well', async () => {
  const list = inTurn(lists(1, [item('a', 1)]), lists(2, [item('a', 2)]))
  const { held, metrics } = await bed({ list }, { pace: { relistMs: 200 } })
  await eventually(() => expect(held()).toEqual(['a@2']))
  expect(await metrics.text()).toContain('soa_controller_watch_repairs_total{kind="things"} 1')
})

it('leaves a busy watch alone: only silence ends it', async () => {
  let told = 1
  const { fake, held } = await bed(
    {
      watch: (call) => {
        streams()(call)
        const telling = setInterval(() => {
          if (++told > 20) clearInterval(telling)
          else call.response.write(`${JSON.stringify(event('MODIFIED', item('a', told)))}\n`)
        }, 20)
      },
    },
    { pace: { idleMs: 150 } },
  )
  await eventually(() => expect(held()).toEqual(['a@20']))
  expect([fake.calls.list.length, fake.calls.watch.length]).toEqual([1, 1])
})

it('believes a list that lost most of its objects only when it is told twice', async () => {
  const many = Array.from({ length: 20 }, (_, i) => item(`n${i}`, i + 1))
  const list = inTurn(lists(30, many), lists(40, []), lists(50, many), lists(60, []), lists(70, []))
  const { reflector, fake } = await bed({ list, watch: ends() })
  await eventually(() => fake.calls.list.length === 3)
  expect(reflector.objects().size).toBe(20)
  await eventually(() => expect(reflector.objects().size).toBe(0))
  expect(fake.calls.list.length).toBeGreaterThanOrEqual(5)
})

it('drops what only the API server and kubectl need', async () => {
  const fat = {
    ...item('a', 1),
    metadata: {
      ...item('a', 1).metadata,
      managedFields: [{ manager: 'kubectl' }],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' },
    },
  }
  const { reflector } = await bed({ list: lists(1, [fat]) })
  expect(reflector.objects().get('default/a')).toEqual({
    metadata: { ...item('a', 1).metadata, annotations: { kept: 'yes' } },
  })
})

it('survives a listener that throws', async () => {
  const watch = streams(event('ADDED', item('b', 2)), event('ADDED', item('c', 3)))
  const { held } = await bed({ watch }, { onChange: () => void JSON.parse('{') })
  await eventually(() => expect(held()).toEqual(['a@1', 'b@2', 'c@3']))
})
