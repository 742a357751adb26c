import { afterEach, expect, it } from 'vitest'
import { type Backend, startBackend } from '#test/kit/backend.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'
import { startReplica } from '#test/kit/replica.ts'

const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function bed(gateways: number): Promise<{ platform: Platform; backend: Backend }> {
  const backend = await startBackend('hello')
  stops.push(backend.stop)
  const platform = await startPlatform({ gateways, controllerFlags: { 'settle-ms': '300' } })
  stops.push(platform.stop)
  return { platform, backend }
}

const service = (name: string, url: string, expose?: object) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Service',
  metadata: { name },
  spec: { url, ...expose },
})
const exposed = { expose: { paths: [{ value: '/' }] } }
const told = async (platform: Platform, name: string) => ({
  conditions: (await platform.conditions('services', name)).filter((each) => !each.startsWith('Accepted')),
  replicas: (await platform.object('services', name))?.status?.replicas,
})

it('is programmed only once every ready gateway has acknowledged it, the slowest included', async () => {
  const { platform, backend } = await bed(2)
  const slow = await startReplica('gateway', platform.controller.url)
  stops.push(slow.stop)
  await eventually(() => expect(slow.version()).toBeDefined())
  slow.hold()
  await platform.write('a.yaml', [service('a', backend.url, exposed)])
  await eventually(async () =>
    expect(await told(platform, 'a')).toEqual({
      conditions: ['Programmed=False/PartiallyProgrammed', 'Ready=False/PartiallyProgrammed'],
      replicas: { acked: 3, total: 4 },
    }),
  )
  // The others do not wait for it.
  for (const { url } of platform.gateways) expect((await fetch(url())).status).toBe(200)
  slow.release()
  await eventually(async () =>
    expect(await told(platform, 'a')).toEqual({
      conditions: ['Programmed=True/Programmed', 'Ready=True/Ready'],
      replicas: { acked: 4, total: 4 },
    }),
  )
})

it('an object that the slow one need not know does not wait for it', async () => {
  const { platform, backend } = await bed(1)
  const slow = await startReplica('gateway', platform.controller.url)
  stops.push(slow.stop)
  await eventually(() => expect(slow.version()).toBeDefined())
  slow.hold()
  stops.push(slow.release)
  await platform.write('a.yaml', [service('a', backend.url, exposed)])
  await platform.write('b.yaml', [service('b', backend.url)])
  await eventually(async () =>
    expect(await told(platform, 'b')).toEqual({
      conditions: ['Programmed=True/Programmed', 'Ready=True/Ready'],
      replicas: { acked: 1, total: 1 },
    }),
  )
})

it('nobody waits for a gateway that is not ready, or that has said goodbye', async () => {
  const { platform, backend } = await bed(1)
  const starting = await startReplica('gateway', platform.controller.url, { ready: false })
  const leaving = await startReplica('gateway', platform.controller.url)
  stops.push(starting.stop)
  await eventually(() => expect([starting.version(), leaving.version()]).not.toContain(undefined))
  starting.hold()
  leaving.hold()
  await platform.write('a.yaml', [service('a', backend.url, exposed)])
  await eventually(async () => expect((await told(platform, 'a')).replicas).toEqual({ acked: 2, total: 3 }))
  await leaving.stop()
  await eventually(async () =>
    expect(await told(platform, 'a')).toEqual({
      conditions: ['Programmed=True/Programmed', 'Ready=True/Ready'],
      replicas: { acked: 2, total: 2 },
    }),
  )
  // Once it serves clients it counts.
  starting.tellReady(true)
  await eventually(async () => expect((await told(platform, 'a')).replicas).toEqual({ acked: 2, total: 3 }))
  starting.release()
  await eventually(async () => expect((await told(platform, 'a')).replicas).toEqual({ acked: 3, total: 3 }))
})

it('says that no gateway is there, and turns ready by itself when one comes', async () => {
  const { platform, backend } = await bed(0)
  await platform.write('a.yaml', [service('a', backend.url, exposed)])
  await eventually(async () =>
    expect((await told(platform, 'a')).conditions).toEqual(['Programmed=False/NoReplicas', 'Ready=False/NoReplicas']),
  )
  const gateway = await startReplica('gateway', platform.controller.url)
  stops.push(gateway.stop)
  await eventually(async () =>
    expect(await told(platform, 'a')).toEqual({
      conditions: ['Programmed=True/Programmed', 'Ready=True/Ready'],
      replicas: { acked: 2, total: 2 },
    }),
  )
})

it('says why a gateway refuses it, while the last good version serves', async () => {
  const { platform, backend } = await bed(1)
  const picky = await startReplica('gateway', platform.controller.url)
  stops.push(picky.stop)
  await platform.write('a.yaml', [service('a', backend.url, exposed)])
  await eventually(async () => expect((await told(platform, 'a')).conditions).toContain('Ready=True/Ready'))
  picky.refuse('no room for more')
  await platform.write('b.yaml', [service('b', backend.url, { expose: { paths: [{ value: '/b' }] } })])
  await eventually(async () => {
    const programmed = (await platform.object('services', 'b'))?.status?.conditions?.find(
      ({ type }) => type === 'Programmed',
    )
    expect(programmed).toMatchObject({
      status: 'False',
      reason: 'Refused',
      message: 'A replica refused it: no room for more',
    })
  })
  expect((await told(platform, 'a')).conditions).toContain('Ready=True/Ready')
})
