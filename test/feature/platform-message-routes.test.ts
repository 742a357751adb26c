import { afterEach, expect, it } from 'vitest'
import { type Backend, startBackend } from '#test/kit/backend.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'
import { startReplica, type TestReplica } from '#test/kit/replica.ts'

const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function bed(controllerFlags: Readonly<Record<string, string>> = {}): Promise<Platform> {
  const platform = await startPlatform({ controllerFlags: { 'settle-ms': '300', ...controllerFlags } })
  stops.push(platform.stop)
  return platform
}

async function bus(platform: Platform, options: { readonly ready?: boolean } = {}): Promise<TestReplica<'esb'>> {
  const replica = await startReplica('esb', platform.controller.url, options)
  stops.push(replica.stop)
  return replica
}

const route = (name: string, spec: object) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'MessageRoute',
  metadata: { name },
  spec: { from: { keys: [name] }, to: [{ queue: { name: 'q' } }], ...spec },
})
const told = async (platform: Platform, name: string, type: string) => {
  const conditions = (await platform.object('messageroutes', name))?.status?.conditions ?? []
  const { status, reason, message } = conditions.find((each) => each.type === type) ?? {}
  return `${status} ${reason}: ${message}`
}
const isReady = (platform: Platform, name: string) =>
  eventually(async () => expect(await platform.conditions('messageroutes', name)).toContain('Ready=True/Ready'))

it('a file with a route comes to every replica of the bus, and is ready once each runs it', async () => {
  const platform = await bed()
  const [first, second] = [await bus(platform), await bus(platform)]
  await platform.write('orders.yaml', [route('orders', { from: { keys: ['orders'], http: {} } })])
  await isReady(platform, 'orders')
  for (const replica of [first, second])
    expect(replica.items().get('default/orders')).toMatchObject({
      source: { exchange: 'esb_exchange', type: 'direct', keys: ['orders'] },
      http: true,
      generation: 1,
    })
  expect((await platform.object('messageroutes', 'orders'))?.status).toMatchObject({
    url: '/messages/orders',
    queue: 'soa.route.default.orders',
    replicas: { acked: 2, total: 2 },
  })
})

it('a change that cannot run is refused by its field while the last good spec keeps running', async () => {
  const platform = await bed()
  const replica = await bus(platform)
  await platform.write('orders.yaml', [route('orders', { steps: [{ filter: '{% total > 0 %}' }] })])
  await isReady(platform, 'orders')
  await platform.write('orders.yaml', [route('orders', { steps: [{ filter: '{% total > %}' }] })])
  await eventually(async () =>
    expect(await told(platform, 'orders', 'Accepted')).toMatch(
      /^False InvalidExpression: spec\.steps\[0\]\.filter: .+; generation 1 keeps running$/,
    ),
  )
  expect(replica.items().get('default/orders')).toMatchObject({ generation: 1, steps: [{ when: '{% total > 0 %}' }] })
  await platform.write('orders.yaml', [route('orders', { steps: [{ filter: '{% total > 1 %}' }] })])
  await isReady(platform, 'orders')
  expect(replica.items().get('default/orders')).toMatchObject({ generation: 3, steps: [{ when: '{% total > 1 %}' }] })
  expect((await platform.object('messageroutes', 'orders'))?.status).not.toHaveProperty('lastGood')
})

it('a loop is told to the route that closes it, and is gone with the other', async () => {
  const platform = await bed()
  const replica = await bus(platform)
  await platform.write('a.yaml', [route('a', { to: [{ exchange: { key: 'b' } }] })])
  await isReady(platform, 'a')
  await platform.write('b.yaml', [route('b', { to: [{ exchange: { key: 'a' } }] })])
  await eventually(async () =>
    expect(await told(platform, 'b', 'Accepted')).toBe(
      'False RouteLoop: spec.to[0]: messages would go round: default/b → default/a → default/b',
    ),
  )
  expect([...replica.items().keys()]).toEqual(['default/a'])
  await platform.remove('a.yaml')
  await isReady(platform, 'b')
  expect([...replica.items().keys()]).toEqual(['default/b'])
})

it('a Service that the registry does not know is told, and found once it is there', async () => {
  const platform = await bed()
  const replica = await bus(platform)
  await platform.write('calls.yaml', [route('calls', { to: [{ service: { name: 'Billing' } }] })])
  await isReady(platform, 'calls')
  expect(await told(platform, 'calls', 'ResolvedRefs')).toBe(
    'False ServiceNotFound: spec.to[0].service.name: the registry knows no Service Billing',
  )
  const service = { apiVersion: 'soaplane.dev/v1alpha1', kind: 'Service', metadata: { name: 'billing-svc' } }
  await platform.write('billing.yaml', [{ ...service, spec: { name: 'Billing', url: 'http://127.0.0.1:9' } }])
  await eventually(async () =>
    expect(await platform.conditions('messageroutes', 'calls')).toEqual([
      'Accepted=True/Accepted',
      'Programmed=True/Programmed',
      'Ready=True/Ready',
    ]),
  )
  expect(replica.items().get('default/calls')?.to).toMatchObject([{ service: 'default/billing-svc' }])
})

it('what stands in the way of the bus is told to the route, though no replica of it is ready', async () => {
  const platform = await bed()
  const old = await bus(platform, { ready: false })
  old.refuse('the broker is RabbitMQ 3.9.0: 3.10 or newer is needed')
  await platform.write('orders.yaml', [route('orders', {})])
  await eventually(async () =>
    expect(await told(platform, 'orders', 'Programmed')).toBe(
      'False Refused: A replica refused it: the broker is RabbitMQ 3.9.0: 3.10 or newer is needed',
    ),
  )
  old.refuse(undefined)
  old.tellReady(true)
  await isReady(platform, 'orders')
})

it('without a replica of the bus a route says that', async () => {
  const platform = await bed()
  await platform.write('orders.yaml', [route('orders', {})])
  await eventually(async () =>
    expect(await told(platform, 'orders', 'Ready')).toBe('False NoReplicas: No ready replica of esb'),
  )
})

it('the bus is behind the gateway without anyone declaring it', async () => {
  const backend: Backend = await startBackend((request, response) => response.end(`bus ${request.url}`))
  stops.push(backend.stop)
  const platform = await bed({ 'esb-service': 'default/bus:http' })
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'bus-1', labels: { 'kubernetes.io/service-name': 'bus' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'] }],
    ports: [{ name: 'http', port: Number(new URL(backend.url).port) }],
  }
  await platform.write('bus.yaml', [slice])
  const gateway = platform.gateways[0]?.url() ?? ''
  await eventually(async () => {
    const answers = ['/messages/orders', '/channels/x', '/readyz'].map(async (path) => {
      const response = await fetch(`${gateway}${path}`)
      return `${response.status} ${response.ok ? await response.text() : ''}`.trim()
    })
    expect(await Promise.all(answers)).toEqual(['200 bus /messages/orders', '200 bus /channels/x', '404'])
  })
  expect(await platform.control('/objects')).toEqual({ items: [] })
  expect(await (await fetch(`${platform.registry.url()}/discover/esb`)).json()).toEqual({ service_url: backend.url })
})
