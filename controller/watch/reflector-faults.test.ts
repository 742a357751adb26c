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
  hangs,
  inTurn,
  item,
  lists,
  resets,
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
  return { ...made, fake }
}

const recovered = streams(event('ADDED', item('b', 9)))
const begins: Answer = ({ response }) => {
  response.writeHead(200)
  response.write('{"type":"ADDED","obj')
}

it.each<{ fault: string; watch: Answer; relists: boolean }>([
  { fault: 'a clean close at once', watch: ends(), relists: false },
  {
    fault: 'an in-stream ERROR 500',
    watch: streams(event('ERROR', { code: 500, reason: 'InternalError' })),
    relists: false,
  },
  { fault: 'an in-stream ERROR 410', watch: streams(event('ERROR', { code: 410, reason: 'Expired' })), relists: true },
  { fault: 'an ERROR without a code', watch: streams(event('ERROR', {})), relists: false },
  { fault: 'HTTP 410', watch: fails(410, 'Expired'), relists: true },
  { fault: 'HTTP 429', watch: fails(429, 'TooManyRequests'), relists: false },
  { fault: 'HTTP 500', watch: fails(500), relists: false },
  { fault: 'HTTP 403', watch: fails(403, 'Forbidden'), relists: true },
  { fault: 'HTTP 400', watch: fails(400, 'BadRequest'), relists: true },
  { fault: 'a TCP reset before the answer', watch: resets, relists: false },
  {
    fault: 'a TCP reset in the middle of a line',
    watch: (call) => {
      begins(call)
      setImmediate(() => resets(call))
    },
    relists: false,
  },
  {
    fault: 'an end in the middle of a line',
    watch: (call) => {
      begins(call)
      call.response.end()
    },
    relists: true,
  },
  {
    fault: 'a line that is not JSON',
    watch: ({ response }) => response.writeHead(200).write('<html>\n'),
    relists: true,
  },
  { fault: 'an event of unknown type', watch: streams(event('SHRUGGED', item('a', 2))), relists: true },
  { fault: 'an event without an object', watch: streams({ type: 'ADDED' }), relists: true },
])('comes back after $fault (new list: $relists), and never lets go of its copy', async ({ watch, relists }) => {
  const { fake, reflector, held } = await bed({ watch: inTurn(watch, recovered) })
  await reflector.start()
  await eventually(() => expect(held()).toEqual(['a@1', 'b@9']))
  expect(fake.calls.list.length).toBe(relists ? 2 : 1)
  expect(fake.calls.watch.length).toBe(2)
})

it.each<{ fault: string; list: Answer }>([
  { fault: 'HTTP 500', list: fails(500) },
  { fault: 'HTTP 429', list: fails(429, 'TooManyRequests') },
  { fault: 'a TCP reset', list: resets },
  { fault: 'prose', list: ({ response }) => void response.writeHead(200).end('<html>hello</html>') },
  { fault: 'JSON that is no list', list: ({ response }) => void response.writeHead(200).end('{"items":{}}') },
  { fault: 'the same page for ever', list: lists(1, [item('a', 1)], 'again') },
  { fault: 'a 503 of a proxy', list: ({ response }) => void response.writeHead(503).end('upstream connect error') },
])('reads the first list in the end when it meets $fault', async ({ list }) => {
  // Page for ever: the second call belongs to the same list.
  const { reflector, held } = await bed({ list: inTurn(list, list, lists(1, [item('a', 1)])) })
  await reflector.start()
  await eventually(() => expect(held()).toEqual(['a@1']))
  expect(reflector.synced()).toBe(true)
})

it.each<{ fault: string; watch: Answer }>([
  { fault: 'closes every watch at once', watch: ends() },
  { fault: 'ends every watch with an ERROR', watch: streams(event('ERROR', { code: 500 })) },
  { fault: 'ends every watch with 410', watch: streams(event('ERROR', { code: 410 })) },
  { fault: 'refuses every watch', watch: fails(500) },
  { fault: 'tells one event and closes', watch: ends(bookmark(2)) },
])('does not spin when the server $fault', async ({ watch }) => {
  const { fake, reflector } = await bed({ watch }, { pace: { backoff: { baseMs: 100, maxMs: 400 } } })
  await reflector.start()
  const startedMs = performance.now()
  await eventually(() => fake.calls.watch.length >= 6)
  // Six watches stand behind five pauses of at least half of the base; without any, they take a few milliseconds.
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(5 * 50)
})

it('waits as long as Retry-After asks', async () => {
  const busy = fails(429, 'TooManyRequests', { 'retry-after': '1' })
  const { fake, reflector } = await bed({ watch: inTurn(busy, recovered) })
  await reflector.start()
  await eventually(() => fake.calls.watch.length === 1)
  const startedMs = performance.now()
  await eventually(() => fake.calls.watch.length === 2)
  expect(performance.now() - startedMs).toBeGreaterThan(900)
})

it('leaves a half-open link: silence ends the watch, and the same version is asked for again', async () => {
  const { fake, reflector } = await bed({ watch: inTurn(streams(), streams(), recovered) }, { pace: { idleMs: 150 } })
  await reflector.start()
  await eventually(() => expect(reflector.objects().has('default/b')).toBe(true))
  expect(fake.calls.watch.map(({ query }) => query.get('resourceVersion'))).toEqual(['1', '1', '1'])
  expect(fake.watching()).toBe(1)
})

it('leaves a server that takes the list request and never answers', async () => {
  const { reflector, held } = await bed({ list: inTurn(hangs, lists(1, [item('a', 1)])) }, { deadlineMs: 200 })
  await reflector.start()
  await eventually(() => expect(held()).toEqual(['a@1']))
})

it('leaves a server that takes the watch request and never answers', async () => {
  const { reflector, held } = await bed({ watch: inTurn(hangs, recovered) }, { deadlineMs: 200 })
  await reflector.start()
  await eventually(() => expect(held()).toEqual(['a@1', 'b@9']))
})

it('doubts a version from which three watches in a row brought nothing', async () => {
  const { fake, reflector } = await bed({ watch: fails(504, 'Timeout') })
  await reflector.start()
  await eventually(() => fake.calls.list.length === 2)
  expect(fake.order.slice(0, 5)).toEqual(['list', 'watch', 'watch', 'watch', 'list'])
})

it.each<{ fault: string; watch: Answer }>([
  { fault: 'nobody answers', watch: resets },
  { fault: 'the server is too busy', watch: fails(429, 'TooManyRequests') },
])('goes on from its version however often $fault', async ({ watch }) => {
  const { fake, reflector, held } = await bed({
    watch: inTurn(watch, watch, watch, watch, watch, recovered),
  })
  await reflector.start()
  await eventually(() => expect(held()).toEqual(['a@1', 'b@9']))
  expect(fake.calls.list.length).toBe(1)
})

it('lists again when that is due, also while no watch stands', async () => {
  const { fake, reflector, held } = await bed(
    { list: inTurn(lists(1, [item('a', 1)]), lists(5, [item('a', 5)])), watch: resets },
    { pace: { relistMs: 300 } },
  )
  await reflector.start()
  await eventually(() => expect(held()).toEqual(['a@5']))
  expect(fake.calls.watch.length).toBeGreaterThan(1)
})

it('opens no watch after a stop during the first list, and holds no connection', async () => {
  const { fake, reflector, kube } = await bed({ list: hangs })
  const started = reflector.start()
  await eventually(() => fake.calls.list.length === 1)
  await reflector.stop()
  await started
  await kube.close()
  await eventually(() => fake.open() === 0)
  expect(fake.calls.watch.length).toBe(0)
  expect(reflector.synced()).toBe(false)
})

it('closes its watch on stop, and starting twice opens one', async () => {
  const { fake, reflector } = await bed({})
  await Promise.all([reflector.start(), reflector.start()])
  await eventually(() => fake.watching() === 1)
  expect(fake.calls.list.length).toBe(1)
  await reflector.stop()
  await eventually(() => fake.watching() === 0)
})

it('tells why it is not ready: what is not installed, then that the server is silent', async () => {
  const list = inTurn(fails(404, 'NotFound'), lists(1, [item('a', 1)]), resets)
  const pace = { idleMs: 100, silentMs: 300, backoff: { baseMs: 100, maxMs: 100 } }
  const { reflector } = await bed({ list, watch: inTurn(streams(), resets) }, { pace })
  expect(reflector.unready?.()).toBe('first full list is under way')
  await reflector.start()
  expect(reflector.unready?.()).toBe('things are not installed: install them')
  await eventually(() => reflector.unready?.() === undefined)
  await eventually(() => expect(reflector.unready?.()).toMatch(/^no word from the API server for \d+ s: .*/))
  expect(reflector.objects().size).toBe(1)
})
