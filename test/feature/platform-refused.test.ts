import { afterEach, expect, it } from 'vitest'
import { messageRoute } from '#test/kit/esb.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'
import { startReplica, type TestReplica } from '#test/kit/replica.ts'

const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Bed {
  readonly platform: Platform
  readonly first: TestReplica<'esb'>
  readonly second: TestReplica<'esb'>
}

async function bed(): Promise<Bed> {
  const platform = await startPlatform({ gateways: 0, controllerFlags: { 'settle-ms': '1000' } })
  stops.push(platform.stop)
  const first = await startReplica('esb', platform.controller.url)
  const second = await startReplica('esb', platform.controller.url)
  stops.push(first.stop, second.stop)
  return { platform, first, second }
}

const route = (name: string) => messageRoute(name, { from: { keys: [name] }, to: [{ queue: { name: 'q' } }] })
const ready = { programmed: 'True Programmed: Every ready replica of the data plane serves it', ready: 'True/Ready' }
const refusedFor = (why: string) => ({
  programmed: `False Refused: A replica refused it: ${why}`,
  ready: 'False/Refused',
})

async function told(platform: Platform, name: string): Promise<object> {
  const status = (await platform.object('messageroutes', name))?.status
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type)
  const [programmed, ready] = [condition('Programmed'), condition('Ready')]
  return {
    programmed: `${programmed?.status} ${programmed?.reason}: ${programmed?.message}`,
    ready: `${ready?.status}/${ready?.reason}`,
  }
}

const tells = (platform: Platform, expected: Readonly<Record<string, object>>) =>
  eventually(async () => {
    const names = Object.keys(expected)
    const said = await Promise.all(names.map((name) => told(platform, name)))
    expect(Object.fromEntries(names.map((name, i) => [name, said[i]]))).toEqual(expected)
  })

it('what a replica cannot serve is refused by itself, and served without a touch once it can', async () => {
  const { platform, first, second } = await bed()
  second.refuseItem('default/a', 'no right to read')
  await platform.write('two.yaml', [route('a'), route('b')])
  await tells(platform, { a: refusedFor('no right to read'), b: ready })
  expect((await platform.object('messageroutes', 'a'))?.status?.replicas).toEqual({ acked: 1, total: 2 })
  expect([first.version(), first.items().size]).toEqual([second.version(), 2])
  // In other words, then by another, then by nobody.
  second.refuseItem('default/a', 'in use elsewhere')
  await tells(platform, { a: refusedFor('in use elsewhere'), b: ready })
  second.refuseItem('default/a', undefined)
  second.refuseItem('default/b', 'no right to read')
  await tells(platform, { a: ready, b: refusedFor('no right to read') })
  second.refuseItem('default/b', undefined)
  await tells(platform, { a: ready, b: ready })
})

it('stays refused while others change and come, and is told again to a controller that starts', async () => {
  const { platform, second } = await bed()
  second.refuseItem('default/a', 'no right to read')
  await platform.write('a.yaml', [route('a')])
  await tells(platform, { a: refusedFor('no right to read') })
  await platform.write('b.yaml', [route('b')])
  await tells(platform, { a: refusedFor('no right to read'), b: ready })
  await platform.controller.restart()
  await platform.write('c.yaml', [route('c')])
  await tells(platform, { a: refusedFor('no right to read'), b: ready, c: ready })
  second.refuseItem('default/a', undefined)
  await tells(platform, { a: ready, b: ready, c: ready })
})

it('who no longer counts refuses nothing', async () => {
  const { platform, second } = await bed()
  second.refuseItem('default/a', 'no right to read')
  await platform.write('a.yaml', [route('a')])
  await tells(platform, { a: refusedFor('no right to read') })
  await second.stop()
  await tells(platform, { a: ready })
})
