import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { processesOf, serverFiles } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'
import { freePort } from '#test/kit/free-port.ts'
import { pasted, startUp, type Up } from '#test/kit/up.ts'

// Installed now if need be: not within the time of a test.
await serverFiles()
const debian = { broker: 'debian' }
const rabbits = (up: Up) => processesOf(join(up.dir, 'rabbitmq'))
const gone = (up: Up) => eventually(async () => expect(await rabbits(up)).toEqual([]), { timeoutMs: 20_000 })

it('make up starts RabbitMQ and the bus on it, and leaves no process behind on Ctrl-C', async () => {
  const up = await startUp(debian)
  await up.ready()
  const output = await up.output()
  const address = `amqp://${new URL(up.url('rabbit')).host}`
  expect(output).toContain(`RabbitMQ    ${address}\n`)
  expect(output).not.toContain('guest')
  expect(output).toContain('Soaplane is ready.')
  expect(output).toContain(`bus         ${up.url('esb')} (`)
  expect(await pasted(await up.line(1))).toBe('Hello from Service A!')
  expect(JSON.parse(await pasted(await up.line(2)))).toEqual({ message: 'Service ServiceA registered successfully' })
  expect(JSON.parse(await pasted(await up.line(4)))).toEqual({
    processed_message: 'Purchase of 1200 by Alice processed by Service B',
  })
  expect(JSON.parse(await pasted(await up.line(8)))).toHaveProperty('service_url')
  expect(await pasted(await up.line(9))).toMatch(
    /^(Hello, .* endpoint!\n){5}Rate limit exceeded. Please try again later.\n$/,
  )
  const metrics = await (await fetch(`${up.url('esb')}/metrics`)).text()
  expect(metrics).toContain('soa_amqp_connected{connection="publishing"} 1')
  expect(metrics).toContain('soa_esb_messages_in_total{route="default/purchases"} 1')
  expect((await rabbits(up)).length).toBeGreaterThan(1)

  const second = await startUp({ ...debian, 'broker-folder': join(up.dir, 'rabbitmq') })
  expect(await second.ended()).toBe('1')
  expect(await second.output()).toMatch(
    /Start failed .*Another RabbitMQ \(pid \d+\) uses .*: stop it or choose another folder/,
  )

  expect(await up.end('SIGINT')).toBe('0')
  expect((await up.output()).trimEnd().split('\n').slice(-2)).toEqual(['Stopping ...', 'Stopped.'])
  await gone(up)
})

it('make up takes RabbitMQ with it when it is killed', async () => {
  const up = await startUp(debian)
  await up.ready()
  expect(await up.end('SIGKILL')).toBe('SIGKILL')
  await gone(up)
})

it('make up stops on Ctrl-C while RabbitMQ is starting, and leaves no process behind', async () => {
  const up = await startUp(debian)
  await eventually(async () => expect((await rabbits(up)).length).toBeGreaterThan(1), { timeoutMs: 20_000 })
  expect(await up.end('SIGINT')).toBe('0')
  expect((await up.output()).trimEnd().split('\n').slice(-2)).toEqual(['Stopping ...', 'Stopped.'])
  await gone(up)
})

it('make up says in one line that the port of RabbitMQ is taken, and the ways out', async () => {
  const other = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const up = await startUp({ ...debian, 'amqp-port': String(port) })
  expect(await up.ended()).toBe('1')
  expect(await up.output()).toBe(
    `soaplane: Port ${port} is taken and RabbitMQ needs it: free it, set AMQP_URL if it is a RabbitMQ to use, or choose another with --amqp-port or SOAPLANE_AMQP_PORT\n`,
  )
})
