import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { connections, textOf } from '#test/kit/amqp.ts'
import { freshVhost } from '#test/kit/broker/vhost.ts'
import { BROKER_VERSIONS, startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type Bus, messageRoute, startBus } from '#test/kit/esb.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Pika, type PikaService, pika } from '#test/kit/pika.ts'

// Programs that have been there before the bus, unchanged, on one broker with it.

const PATIENT = { timeoutMs: 20_000 }

let clients: Pika
beforeAll(async () => {
  clients = await pika()
})

describe.each(BROKER_VERSIONS)('on RabbitMQ %s', (version) => {
  let broker: TestBroker
  beforeAll(async () => {
    broker = await startBroker({ version })
  })
  afterAll(() => broker.stop())
  const connection = connections(() => broker.url)

  let count = 0
  const vhost = () => freshVhost(broker, `clients-${count++}`)

  async function bus(amqpUrl: string): Promise<Bus> {
    const started = await startBus({ amqpUrl })
    onTestFinished(started.stop)
    return started
  }

  async function listening(url: string, service: string): Promise<PikaService> {
    const started = await clients.listen(url, service)
    onTestFinished(started.stop)
    return started
  }

  /** Sends one more by the same way: once it is there, what came before it came how often it came. */
  async function received(service: PikaService, url: string, key: string): Promise<readonly string[]> {
    await clients.send(url, key, 'the last')
    await eventually(() => expect(service.texts().some((text) => text.includes('the last'))).toBe(true), PATIENT)
    return service.texts()
  }

  it('clients that were there first go on when the bus starts, and so does whoever declares again', async () => {
    const url = await vhost()
    const [a, b] = [await listening(url, 'service_a'), await listening(url, 'service_b')]
    await clients.send(url, 'service_a', 'before, to a')
    await clients.send(url, 'service_b', 'before, to b')
    await bus(url)
    await clients.send(url, 'service_a', 'after, to a')
    await clients.send(url, 'service_b', 'after, to b')
    expect(await received(a, url, 'service_a')).toEqual(['before, to a', 'after, to a', 'the last'])
    expect(await received(b, url, 'service_b')).toEqual(['before, to b', 'after, to b', 'the last'])
  })

  it('clients find their exchange as they declare it when the bus was there first', async () => {
    const url = await vhost()
    await bus(url)
    const [a, b] = [await listening(url, 'service_a'), await listening(url, 'service_b')]
    await clients.send(url, 'service_a', 'one', 'two')
    expect(await received(a, url, 'service_a')).toEqual(['one', 'two', 'the last'])
    expect(b.texts()).toEqual([])
  })

  it('a service still gets each message once while a route on its key gets a copy', async () => {
    const url = await vhost()
    const { start, probe } = connection({ url })
    await start()
    await probe().assertQueue('copies')
    const a = await listening(url, 'service_a')
    const { apply } = await bus(url)
    await apply('copies.yaml', [
      messageRoute('copies', { from: { keys: ['service_a'] }, to: [{ queue: { name: 'copies' } }] }),
    ])
    await clients.send(url, 'service_a', 'hello')
    expect(await received(a, url, 'service_a')).toEqual(['hello', 'the last'])
    await eventually(async () => expect((await probe().checkQueue('copies')).messageCount).toBe(2), PATIENT)
    expect(textOf(await probe().get('copies', { noAck: true }))).toBe('hello')
  })

  it('the sample route takes orders, makes a text of each, and a service reads it', async () => {
    const url = await vhost()
    const a = await listening(url, 'service_a')
    const { apply } = await bus(url)
    await apply('orders.yaml', [await sampleRoute('orders')])
    const items = [
      { product: 'tea', price: 3, quantity: 2 },
      { product: 'cup', price: 4, quantity: 1 },
    ]
    await clients.send(url, 'orders', JSON.stringify({ id: 'o-7', items }))
    await eventually(() => expect(a.texts()).toEqual(['Order o-7: 2 tea, 1 cup, 10 in all']), PATIENT)
  })

  it('what nobody takes is kept in soa.unroutable', async () => {
    const url = await vhost()
    await bus(url)
    await clients.send(url, 'nobody', 'for nobody')
    const { start, probe } = connection({ url })
    await start()
    await eventually(async () => {
      const kept = await probe().get('soa.unroutable', { noAck: true })
      expect(kept && [textOf(kept), kept.fields.routingKey]).toEqual(['for nobody', 'nobody'])
    }, PATIENT)
  })

  it('who asks through a route gets the answer of the service behind it', async () => {
    const url = await vhost()
    const service = await clients.answer(url, 'service_b')
    onTestFinished(service.stop)
    const { apply } = await bus(url)
    await apply('questions.yaml', [
      messageRoute('questions', {
        from: { keys: ['questions'] },
        steps: [{ transform: { value: '{% $uppercase($) %}?' } }],
        to: [{ exchange: { key: 'service_b' } }],
      }),
    ])
    expect(await clients.ask(url, 'questions', 'how are you')).toBe('service_b has read: HOW ARE YOU?')
  })
})

/** As it is shipped. */
async function sampleRoute(name: string): Promise<object> {
  const text = await readFile(join(import.meta.dirname, '../../k8s/samples/4-enterprise-service-bus.yaml'), 'utf8')
  const objects = parseAllDocuments(text).map((each) => each.toJS() as { readonly metadata: { readonly name: string } })
  const found = objects.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`there is no sample route ${name}`)
  return found
}
