import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { freePort } from '#test/kit/free-port.ts'
import { pasted, startUp } from '#test/kit/up.ts'

const own = `apiVersion: soaplane.dev/v1alpha1
kind: Service
metadata: { name: mine }
spec:
  url: UPSTREAM
  expose: { paths: [{ type: Exact, value: /mine, rewrite: /greet }] }
`

async function bodyOf(url: string): Promise<string> {
  const response = await fetch(url)
  return `${response.status} ${await response.text()}`
}

describe('make up, without a broker', () => {
  it('gives a line to try for each pattern, and each does what it says', async () => {
    const up = await startUp({ broker: 'none' })
    await up.ready()
    expect(await up.output()).toContain('Soaplane is ready.')
    expect(await pasted(await up.line(1))).toBe('Hello from Service A!')
    const register = await up.line(2)
    expect(JSON.parse(await pasted(register))).toEqual({ message: 'Service ServiceA registered successfully' })
    expect(await pasted(register.replace('curl', "curl -s -o /dev/null -w '%{http_code}'"))).toBe('201')
    const registered = /"url":"([^"]+)"/.exec(register)?.[1]
    expect(JSON.parse(await pasted(await up.line(8)))).toEqual({ service_url: registered })
    const limited = (await pasted(await up.line(9))).trimEnd().split('\n')
    expect(limited).toEqual([
      ...Array(5).fill('Hello, welcome to the example endpoint!'),
      'Rate limit exceeded. Please try again later.',
    ])
    expect((await fetch(`${up.url('gateway')}/example`)).status).toBe(429)
  })

  it('stops on Ctrl-C: says so, exits with 0, and is gone from its ports', async () => {
    const up = await startUp({ broker: 'none' })
    await up.ready()
    expect(await up.end('SIGINT')).toBe('0')
    expect((await up.output()).trimEnd().split('\n').slice(-2)).toEqual(['Stopping ...', 'Stopped.'])
    for (const each of ['gateway', 'registry', 'controller', 'gatewayControl'] as const) {
      await expect(fetch(up.url(each))).rejects.toThrow('fetch failed')
    }
  })

  it('finishes the request in hand when it is told to stop', async () => {
    const up = await startUp({ broker: 'none' })
    const slow = createServer((socket) => {
      socket.once('data', () => held.resolve(() => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone')))
    })
    const held = Promise.withResolvers<() => void>()
    const port = await freePort()
    await new Promise<void>((resolve) => slow.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void slow.close())
    await up.write('slow.yaml', own.replace('UPSTREAM', `http://127.0.0.1:${port}`))
    await up.ready()
    await eventually(async () => expect(await bodyOf(`${up.url('gatewayControl')}/routes`)).toContain('/mine'))
    const answer = bodyOf(`${up.url('gateway')}/mine`)
    const finish = await held.promise
    const ended = up.end('SIGTERM')
    await eventually(async () => expect(await up.output()).toContain('Stopping ...'))
    finish()
    expect([await answer, await ended]).toEqual(['200 done', '0'])
  })

  it('serves a service whose YAML is put into its folder, and no more once it is gone', async () => {
    const up = await startUp({ broker: 'none' })
    await up.ready()
    const upstream = /"url":"([^"]+)"/.exec(await up.line(2))?.[1] ?? ''
    await up.write('mine.yaml', own.replace('UPSTREAM', upstream))
    await eventually(async () => expect(await bodyOf(`${up.url('gateway')}/mine`)).toBe('200 Hello from Service A!'))
    await up.write('mine.yaml', '')
    await eventually(async () => expect(await bodyOf(`${up.url('gateway')}/mine`)).toMatch(/^404 /))
  })

  it('warns of a broken file by file, document and field, and serves all else', async () => {
    const up = await startUp({ broker: 'none' })
    await up.write(
      'bad.yaml',
      `${own.replace('UPSTREAM', 'http://127.0.0.1:1')}---\n${own.replace('UPSTREAM', 'ftp://nowhere')}`,
    )
    await up.ready()
    const warning = (await up.output()).split('\n').find((line) => line.includes('bad.yaml'))
    expect(warning).toMatch(
      /^\d\d:\d\d:\d\d WARN {2}controller {2}Document refused {2}file=bad.yaml document=2 line=12 .*field=spec.url/,
    )
    expect(await pasted(await up.line(1))).toBe('Hello from Service A!')
  })

  it('forgets the endpoints of its last run, and keeps what was registered', async () => {
    const first = await startUp({ broker: 'none' })
    await first.ready()
    await pasted(await first.line(2))
    expect(await first.end('SIGTERM')).toBe('0')
    const again = await startUp({ broker: 'none', folder: `${first.dir}/resources` })
    await again.ready()
    expect(await pasted(await again.line(1))).toBe('Hello from Service A!')
    expect(await bodyOf(`${again.url('registry')}/services`)).toContain('"ServiceA"')
  })

  it('has no bus, says so, and leaves out what would need one', async () => {
    const up = await startUp({ broker: 'none' })
    await up.ready()
    const output = await up.output()
    expect(output).toContain('bus         none, since there is no RabbitMQ')
    expect(output).not.toContain('# 4 ')
    expect(await bodyOf(`${up.url('controller')}/objects`)).not.toContain('MessageRoute')
    expect((await fetch(`${up.url('gateway')}/messages/orders`, { method: 'POST' })).status).toBe(404)
    await expect(fetch(up.url('esb'))).rejects.toThrow('fetch failed')
  })

  it('runs without the samples when they are not wanted', async () => {
    const up = await startUp({ broker: 'none', samples: 'false' })
    await up.ready()
    expect(JSON.parse((await bodyOf(`${up.url('registry')}/services`)).slice(4))).toMatchObject({ services: [] })
    expect(await up.output()).not.toContain('# 1 ')
  })
})

describe('make up that cannot', () => {
  it.each([
    ['gateway-port', 'the gateway', 'SOAPLANE_GATEWAY_PORT'],
    ['registry-port', 'the registry', 'SOAPLANE_REGISTRY_PORT'],
    ['gateway-control-port', "the gateway's control API", 'SOAPLANE_GATEWAY_CONTROL_PORT'],
  ])('says in one line that --%s is taken, and how to choose another', async (flag, who, variable) => {
    const other = createServer()
    const port = await freePort()
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const up = await startUp({ broker: 'none', [flag]: String(port) })
    expect(await up.ended()).toBe('1')
    expect(await up.output()).toBe(
      `soaplane: Port ${port} is taken and ${who} needs it: free it, or choose another with --${flag} or ${variable}\n`,
    )
  })

  it.each([
    ['a port that is none', { 'gateway-port': '70000' }, /gateway-port.* must be a whole number from 0 to 65535/],
    [
      'a broker that does not answer',
      { 'amqp-url': 'amqp://u:s3cret@127.0.0.1:1' },
      /No broker at amqp:\/\/127.0.0.1:1: /,
    ],
    [
      'one port for two',
      { 'registry-port': '18123', 'gateway-port': '18123' },
      /18123 is wanted by both the gateway and/,
    ],
  ])('says in one line what is wrong with %s', async (_what, flags, line) => {
    const up = await startUp({ broker: 'none', ...flags })
    expect(await up.ended()).toBe('1')
    const output = await up.output()
    expect(output).toMatch(line)
    expect(output).not.toMatch(/s3cret|^ +at /m)
    expect(output.split('\n').filter((each) => line.test(each))).toHaveLength(1)
  })
})
