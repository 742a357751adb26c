import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { reachAmqp } from '#lib/amqp.ts'
import { type BrokerOptions, broker } from '#services/embedded/broker/broker.ts'
import { startNode } from '#services/embedded/broker/node.ts'
import { processesOf, serverFiles } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'
import { freePort } from '#test/kit/free-port.ts'
import { quietLog } from '#test/kit/quiet.ts'

const files = await serverFiles()
afterEach(() => vi.unstubAllEnvs())

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'soaplane-broker-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

describe('a RabbitMQ node of ours', () => {
  it('serves on a free port, keeps others from its data, and leaves no process behind, epmd included', async () => {
    const dir = await folder()
    const node = await startNode({ files, dir, port: 0 })
    onTestFinished(node.kill)
    await reachAmqp(node.url)
    await expect(startNode({ files, dir, port: 0 })).rejects.toThrow(
      new RegExp(`^Another RabbitMQ \\(pid \\d+\\) uses ${dir}: stop it or choose another folder$`),
    )
    expect((await processesOf(dir)).length).toBeGreaterThan(1)
    await reachAmqp(node.url)
    await node.stop()
    await eventually(async () => expect(await processesOf(dir)).toEqual([]))
  })

  it('starts again on the same data after it was killed, and tells when it ends', async () => {
    const dir = await folder()
    const first = await startNode({ files, dir, port: 0 })
    await first.kill()
    expect(first.ended()).toMatch(/^RabbitMQ ended with SIGKILL/)
    const second = await startNode({ files, dir, port: first.port })
    onTestFinished(second.kill)
    expect([second.url, second.ended()]).toEqual([first.url, undefined])
  })

  it('says in one line that its port is taken', async () => {
    const other = createServer()
    const port = await freePort()
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    await expect(startNode({ files, dir: await folder(), port })).rejects.toMatchObject({
      code: 'SOA_PORT_TAKEN',
      message: `Port ${port} is taken: RabbitMQ needs it; free it or choose another`,
    })
  })

  it('says why it ended when it cannot start, and leaves nothing behind', async () => {
    const dir = await folder()
    const server = join(await folder(), 'rabbitmq-server')
    await writeFile(server, '#!/bin/sh\necho; echo "ERROR: cannot open the database"; echo trace >&2; exit 3\n')
    await chmod(server, 0o755)
    await expect(startNode({ files: { ...files, server }, dir, port: 0 })).rejects.toThrow(
      `RabbitMQ ended with 3: cannot open the database; its logs are in ${dir}/log`,
    )
    await eventually(async () => expect(await processesOf(dir)).toEqual([]))
  })

  it('can be given up while it starts', async () => {
    const dir = await folder()
    const givenUp = new AbortController()
    const starting = startNode({ files, dir, port: 0, signal: givenUp.signal })
    starting.catch(() => {})
    await eventually(async () => expect((await processesOf(dir)).length).toBeGreaterThan(1))
    givenUp.abort()
    await expect(starting).rejects.toThrow('its start was given up')
    await eventually(async () => expect(await processesOf(dir)).toEqual([]))
  })
})

describe('the broker of a run', () => {
  async function options(given: Partial<BrokerOptions>) {
    const told: string[] = []
    const progress = (line: string) => void told.push(line)
    const dir = await folder()
    return {
      told,
      options: { wanted: 'debian', amqpUrl: undefined, port: 0, dir, log: quietLog(), progress, ...given },
    }
  }

  it('is none when none is wanted', async () => {
    const { options: none, told } = await options({ wanted: 'none' } as const)
    const part = broker(none as BrokerOptions)
    await part.start()
    await part.stop()
    expect([part.url(), part.how(), told]).toEqual([undefined, 'none, as asked for', []])
  })

  it('is not one that is given and does not answer: one line, without its credentials', async () => {
    const given = await options({ amqpUrl: 'amqp://user:s3cret@127.0.0.1:1' })
    await expect(broker(given.options as BrokerOptions).start()).rejects.toThrow(
      /^No broker at amqp:\/\/127.0.0.1:1: .*ECONNREFUSED 127.0.0.1:1$/,
    )
  })

  it('is started by the next way when the first fails, with a line that says why', async () => {
    // A daemon that answers but has no way to the image.
    const bin = await folder()
    await writeFile(
      join(bin, 'docker'),
      '#!/bin/sh\ncase $1 in version) echo 27;; *) echo "no route to host" >&2; exit 1;; esac\n',
    )
    await chmod(join(bin, 'docker'), 0o755)
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
    const auto = await options({ wanted: 'auto' })
    const part = broker(auto.options as BrokerOptions)
    await part.start()
    onTestFinished(() => part.stop())
    await reachAmqp(part.url() ?? '')
    expect(auto.told).toEqual([
      'RabbitMQ: starting a container ...',
      'RabbitMQ: pulling rabbitmq:4-management (once) ...',
      'RabbitMQ does not start this way: docker pull rabbitmq:4-management failed: no route to host',
      `RabbitMQ: starting rabbitmq-server ${files.version} (about 10 seconds) ...`,
    ])
    expect([part.unready?.(), part.how()]).toEqual([
      undefined,
      `rabbitmq-server ${files.version} of this machine, data in ${auto.options.dir}`,
    ])
  })
})
