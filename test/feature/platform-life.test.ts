import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Backend, startBackend } from '#test/kit/backend.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'

let platform: Platform
let first: Backend
let second: Backend

beforeAll(async () => {
  first = await startBackend('from the first')
  second = await startBackend('from the second')
  platform = await startPlatform({ gateways: 2 })
})
afterAll(async () => {
  await platform?.stop()
  await first?.stop()
  await second?.stop()
})

const greeter = (url: string, path = '/greet', annotations = {}) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Service',
  metadata: { name: 'greeter', annotations },
  spec: { name: 'Greeter', url, expose: { paths: [{ value: path }] } },
})
const everyGateway = (path: string) =>
  Promise.all(
    platform.gateways.map(async ({ url }) => {
      const response = await fetch(`${url()}${path}`)
      return `${response.status} ${response.ok ? await response.text() : ''}`.trim()
    }),
  )
const discovered = async () => {
  const response = await fetch(`${platform.registry.url()}/discover/Greeter`)
  return `${response.status} ${await response.text()}`
}
const ready = () =>
  eventually(async () => expect(await platform.conditions('services', 'greeter')).toContain('Ready=True/Ready'))

it('a file that comes is served: in the registry by its name, behind every gateway by its path', async () => {
  await platform.write('greeter.yaml', [greeter(first.url)])
  await ready()
  // Programmed means that nobody has to wait any more.
  expect(await everyGateway('/greet')).toEqual(['200 from the first', '200 from the first'])
  expect(await discovered()).toBe(`200 ${JSON.stringify({ service_url: first.url })}`)
})

it('a file that changes is served as it is now, and no longer as it was', async () => {
  await platform.write('greeter.yaml', [greeter(second.url, '/hello')])
  await eventually(async () =>
    expect((await platform.object('services', 'greeter'))?.status?.observedGeneration).toBe(2),
  )
  await ready()
  expect(await everyGateway('/hello')).toEqual(['200 from the second', '200 from the second'])
  expect(await everyGateway('/greet')).toEqual(['404', '404'])
  expect(await discovered()).toBe(`200 ${JSON.stringify({ service_url: second.url })}`)
})

it('a limit that comes with an annotation holds over both gateways together', async () => {
  await platform.write('greeter.yaml', [greeter(second.url, '/hello', { 'soaplane.dev/rate-limit': '5/1h' })])
  await eventually(async () =>
    expect(await platform.object('services', 'greeter')).toMatchObject({ status: { policies: ['annotation 5/1h'] } }),
  )
  await ready()
  const answers = await Promise.all(Array.from({ length: 10 }, () => everyGateway('/hello')))
  const admitted = answers.flat().filter((each) => each.startsWith('200'))
  expect([admitted.length, answers.flat().filter((each) => each === '429').length]).toEqual([5, 15])
})

it('a file that goes takes its service with it, everywhere', async () => {
  await platform.remove('greeter.yaml')
  await eventually(async () => expect(await everyGateway('/hello')).toEqual(['404', '404']))
  await eventually(async () => expect(await discovered()).toBe(`404 {"error":"Service Greeter not found"}`))
  const inventory = await (await fetch(`${platform.registry.url()}/services`)).json()
  expect(inventory).toMatchObject({ services: [] })
  expect(await platform.control('/objects')).toEqual({ items: [] })
  for (const { controlUrl } of platform.gateways)
    expect(await (await fetch(`${controlUrl()}/routes`)).json()).toMatchObject({ items: [] })
})

it('takes the samples that come with the project', async () => {
  const { readFile, readdir } = await import('node:fs/promises')
  const samples = new URL('../../k8s/samples/', import.meta.url)
  for (const file of await readdir(samples)) await platform.write(file, await readFile(new URL(file, samples), 'utf8'))
  await eventually(async () => {
    const { items } = (await platform.control('/objects')) as { items: readonly { readonly name: string }[] }
    expect(items.length).toBeGreaterThan(5)
  })
  expect(await platform.control('/errors')).toEqual({ items: [] })
})
