import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { busBed } from '#test/kit/bus-bed.ts'
import { startBusProcesses } from '#test/kit/esb.ts'
import { routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'

const bed = busBed({ flags: { 'topology-interval-ms': '500', 'confirm-timeout-ms': '3000' } })

const PATIENT = { timeoutMs: 20_000, everyMs: 50 }

describe('a service that fails', () => {
  let server: Server
  let answer: (response: ServerResponse) => void
  const asked: { readonly key: string | undefined; readonly body: string }[] = []
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece)
      asked.push({
        key: request.headers['idempotency-key'] as string | undefined,
        body: Buffer.concat(pieces).toString(),
      })
      answer(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await bed.bus.apply('service.yaml', [
      {
        ...{ apiVersion: 'soaplane.dev/v1alpha1', kind: 'Service', metadata: { name: 'frail' } },
        spec: { url: urlOf(server) },
      },
      routeOf('calls', {
        from: { keys: ['calls'] },
        to: [{ service: { name: 'frail', path: '/in', timeout: '500ms' } }],
        retry: { attempts: 3, backoff: '1s' },
      }),
    ])
  })
  afterAll(() => {
    server?.closeAllConnections()
    server?.close()
  })

  it('is called again with the same Idempotency-Key', async () => {
    let times = 0
    answer = (response) => response.writeHead(++times === 1 ? 503 : 200).end()
    const { send } = await bed.client()
    const id = await send('calls', { n: 1 })
    await eventually(() => asked.length >= 2, PATIENT)
    expect(asked.slice(0, 2)).toEqual([1, 2].map(() => ({ key: `${id}/default/calls/to/0`, body: '{"n":1}' })))
  })

  it.each([
    {
      when: 'it refuses the message for good',
      with: (r: ServerResponse) => r.writeHead(422).end(),
      reason: 'ServiceRefused',
      tries: 1,
    },
    // Never answered: the connection is let go at the timeout.
    { when: 'it gives no answer in time (row 9)', with: () => {}, reason: 'ServiceTimeout', tries: 3 },
  ])('makes a dead letter $reason when $when', async ({ with: how, reason, tries }) => {
    answer = how
    const before = asked.length
    const { send, look } = await bed.client()
    const id = await send('calls', { n: 2 })
    const dead = await eventually(async () => {
      return (await look('soa.dlq.default.calls')).find((each) => each.id === id) ?? false
    }, PATIENT)
    expect(dead.headers['soa-error-reason']).toBe(reason)
    expect(asked.length - before).toBe(tries)
  })

  it('takes the process with it each time: the broker gives the message up, and the route goes on (row 8)', async () => {
    const frail = await startBusProcesses({ amqpUrl: bed.broker.url })
    const [replica] = frail.replicas
    let crashes = 0
    let crash: Promise<void> = Promise.resolve()
    answer = (response) => {
      if (asked.at(-1)?.body !== 'poison') return response.writeHead(200).end()
      crashes += 1
      crash = crash.then(async () => {
        await replica?.kill()
        await replica?.start()
      })
      return undefined
    }
    try {
      await frail.apply('frail.yaml', [
        {
          ...{ apiVersion: 'soaplane.dev/v1alpha1', kind: 'Service', metadata: { name: 'frail' } },
          spec: { url: urlOf(server) },
        },
        routeOf('poison', {
          from: { keys: ['poison'] },
          prefetch: 1,
          to: [{ service: { name: 'frail', path: '/in', timeout: '60s' } }],
        }),
      ])
      const { send, look } = await bed.client()
      const id = await send('poison', 'poison')
      const good = await send('poison', 'good')
      const dead = await eventually(
        async () => (await look('soa.dlq.default.poison')).find((each) => each.id === id) ?? false,
        { timeoutMs: 100_000, everyMs: 500 },
      )
      // The twenty of the queue's limit, and the first.
      expect(crashes).toBe(21)
      expect(dead.headers['x-first-death-reason']).toBe('delivery_limit')
      await eventually(() => asked.some(({ key }) => key?.startsWith(good)), PATIENT)
    } finally {
      await crash
      await frail.stop()
    }
  })
})

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
