import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Backend, startBackend } from '#test/kit/backend.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Load, startLoad } from '#test/kit/load.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'

let platform: Platform
let backend: Backend
let load: Load

const service = (name: string, annotations = {}) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Service',
  metadata: { name, annotations },
  spec: { url: backend.url, expose: { paths: [{ value: `/${name}` }] } },
})
const isReady = (name: string) =>
  eventually(async () => expect(await platform.conditions('services', name)).toContain('Ready=True/Ready'), {
    timeoutMs: 10_000,
  })
const versions = () =>
  Promise.all(
    platform.gateways.map(
      async ({ controlUrl }) => (await (await fetch(`${controlUrl()}/version`)).json()) as { readonly stale: boolean },
    ),
  )
const limited = async () => (await fetch(`${platform.gateways[0]?.url()}/limited`)).status

beforeAll(async () => {
  backend = await startBackend('hello')
  // Long enough for both gateways to be back, however late they dial.
  platform = await startPlatform({ gateways: 2, controllerFlags: { 'settle-ms': '3000' } })
  await platform.write('steady.yaml', [service('steady')])
  await platform.write('limited.yaml', [service('limited', { 'soaplane.dev/rate-limit': '5/1h' })])
  await isReady('steady')
  await isReady('limited')
  load = startLoad(platform.gateways.map(({ url }) => `${url()}/steady`))
})
afterAll(async () => {
  await load?.stop()
  await platform?.stop()
  await backend?.stop()
})

it('without a controller the data plane serves on, and says that its copy may be old', async () => {
  expect([await limited(), await limited(), await limited()]).toEqual([200, 200, 200])
  const before = await versions()
  await platform.controller.stop()
  await eventually(async () => expect(await versions()).toEqual(before.map((each) => ({ ...each, stale: true }))))
  const stale = await fetch(`${platform.registry.url()}/discover/steady`)
  expect([stale.status, await stale.json()]).toEqual([200, { service_url: backend.url }])
  expect(await limited()).toBe(200)
  const served = load.total()
  await eventually(() => load.total() > served + 100)
})

it('a controller that comes back disturbs nobody: no request fails, no version changes, no counter begins anew', async () => {
  const before = await versions()
  await platform.controller.restart()
  await eventually(async () => expect(await versions()).toEqual(before.map((each) => ({ ...each, stale: false }))))
  await isReady('limited')
  expect([await limited(), await limited()]).toEqual([200, 429])
  const served = load.total()
  await eventually(() => load.total() > served + 100)
})

it('and what changed meanwhile is made up for', async () => {
  await platform.controller.stop()
  await platform.remove('limited.yaml')
  await platform.write('late.yaml', [service('late')])
  await platform.controller.restart()
  await isReady('late')
  expect((await fetch(`${platform.gateways[1]?.url()}/late`)).status).toBe(200)
  await eventually(async () => expect(await limited()).toBe(404))
})

it('not one request failed through all of it', async () => {
  const seen = await load.stop()
  expect(Object.keys(seen)).toEqual(['200'])
})
