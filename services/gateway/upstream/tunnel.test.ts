import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { eventually } from '#test/kit/eventually.ts'
import { type Front, sendRaw, startBackend, startFront, statusesIn } from '#test/kit/front.ts'

const HANDSHAKE = [
  ...['GET /ws?x=1 HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'],
  ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', '', ''],
].join('\r\n')

let echo: WebSocketServer
let front: Front
const paths: string[] = []

beforeEach(async () => {
  paths.length = 0
  const server = createServer((_incoming, outgoing) => outgoing.writeHead(404).end())
  echo = new WebSocketServer({ server, handleProtocols: (protocols) => [...protocols].at(-1) ?? false })
  echo.on('connection', (socket, request) => {
    paths.push(request.url ?? '')
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  front = await startFront({ upstreams: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] })
})

afterEach(async () => {
  await front.stop()
  for (const socket of echo.clients) socket.terminate()
  await new Promise((resolve) => echo.options.server?.close(resolve))
})

const url = () => `${front.url.replace('http', 'ws')}/a/../ws?x=1`

describe('a WebSocket through the gateway', () => {
  it('reaches the folded path, keeps the subprotocol, and carries text and large binary both ways', async () => {
    const socket = new WebSocket(url(), ['one', 'two'])
    const heard: Buffer[] = []
    socket.on('message', (data) => heard.push(data as Buffer))
    await eventually(() => expect(socket.readyState).toBe(WebSocket.OPEN))
    const large = Buffer.alloc(2 * 1024 * 1024, 'x')
    socket.send('hello')
    socket.send(large)
    await eventually(() => expect(heard).toHaveLength(2))
    expect([heard[0]?.toString(), heard[1]?.equals(large), socket.protocol, paths]).toEqual([
      'hello',
      true,
      'two',
      ['/ws?x=1'],
    ])
    expect(front.tunnels()).toBe(1)
    socket.close(1000)
    await eventually(() => expect([front.tunnels(), front.inFlight()]).toEqual([0, 0]))
    expect(front.events).toEqual([{ status: 101, byGateway: false }])
  })

  it('ends for the client when the upstream ends, and for the upstream when the client ends', async () => {
    const [one, other] = [new WebSocket(url()), new WebSocket(url())]
    await eventually(() => expect(echo.clients.size).toBe(2))
    for (const each of [one, other]) await eventually(() => expect(each.readyState).toBe(WebSocket.OPEN))
    one.terminate()
    await eventually(() => expect(echo.clients.size).toBe(1))
    for (const socket of echo.clients) socket.terminate()
    await eventually(() => expect([other.readyState, front.tunnels()]).toEqual([WebSocket.CLOSED, 0]))
  })

  it('is cut by a stop of the gateway', async () => {
    const socket = new WebSocket(url())
    await eventually(() => expect(socket.readyState).toBe(WebSocket.OPEN))
    await front.stop()
    await eventually(() => expect([socket.readyState, echo.clients.size]).toEqual([WebSocket.CLOSED, 0]))
  })

  it('keeps what the client sent early for the upstream that agrees', async () => {
    // A masked text frame "hi", sent in one packet with the handshake.
    const frame = Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x68 ^ 1, 0x69 ^ 2])
    const socket = connect(front.port, '127.0.0.1', () => socket.write(Buffer.concat([Buffer.from(HANDSHAKE), frame])))
    let heard = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk])
    })
    await eventually(() => expect(heard.subarray(-4)).toEqual(Buffer.from([0x81, 0x02, 0x68, 0x69])))
    socket.destroy()
  })
})

describe('a handshake that is not agreed to', () => {
  it('gets the answer of the upstream, and its early bytes reach nobody', async () => {
    const backend = await startBackend((_incoming, outgoing) =>
      outgoing.writeHead(403, { 'X-Why': 'no' }).end('denied'),
    )
    front.aim([backend.url])
    const { text, closed } = await sendRaw(front.port, `${HANDSHAKE}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect([statusesIn(text), text.includes('X-Why: no'), text.includes('denied'), closed]).toEqual([
      [403],
      true,
      true,
      true,
    ])
    expect(backend.seen.map((each) => each.url)).toEqual(['/ws?x=1'])
    await backend.stop()
  })

  it.each([
    { why: 'POST', bytes: HANDSHAKE.replace('GET', 'POST'), status: 400 },
    { why: 'a body', bytes: `${HANDSHAKE.replace('Host: a', 'Host: a\r\nContent-Length: 4')}abcd`, status: 400 },
    { why: 'a bad key', bytes: HANDSHAKE.replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'), status: 400 },
    { why: 'an old version', bytes: HANDSHAKE.replace('Version: 13', 'Version: 8'), status: 426 },
    { why: 'a path that leads out', bytes: HANDSHAKE.replace('/ws', '/../ws'), status: 400 },
  ])('because of $why is refused with $status and ends the connection', async ({ bytes, status }) => {
    const { text, closed } = await sendRaw(front.port, bytes)
    expect([statusesIn(text), closed, paths]).toEqual([[status], true, []])
  })

  it('because nobody is there is answered 502', async () => {
    front.aim(['http://127.0.0.1:1'])
    const { text, closed } = await sendRaw(front.port, HANDSHAKE)
    expect([statusesIn(text), closed]).toEqual([[502], true])
  })

  it('because a policy says no is answered by it', async () => {
    const no = {
      place: 'limits' as const,
      judge: async () => ({ status: 429, reason: 'No', detail: 'no', text: 'no' }),
    }
    const limited = await startFront({ upstreams: [front.url], stages: [no] })
    const { text, closed } = await sendRaw(limited.port, HANDSHAKE)
    expect([statusesIn(text), text.endsWith('no'), closed]).toEqual([[429], true, true])
    await limited.stop()
  })
})
