import { problem, type Request, type RequestHandler, type Response } from '#lib/http.ts'
import { asked } from '#lib/http-operations.ts'
import type { WebSocket, WsRoute } from '#lib/ws.ts'
import type { Prepared } from '../watch/hub.ts'
import { spreadOut, waitMs } from '../watch/wait.ts'
import { watchOperation } from './operations.ts'
import { type ApiDeps, filled, ofCopy, type Route, unavailable } from './route.ts'

const HEARTBEAT_MS = 15_000

/** GET /watch: a stream of events where the client accepts one, else a long poll. */
export function watchRoutes(deps: ApiDeps): readonly Route[] {
  const stream = events(deps)
  const poll = longPoll(deps)
  const choose: RequestHandler = (request, response, next) => {
    const isStream = request.accepts(['application/json', 'text/event-stream']) === 'text/event-stream'
    return (isStream ? stream : poll)(request, response, next)
  }
  const handlers = [filled(deps, unavailable), roomLeft(deps), ofCopy(deps), choose]
  return [{ method: 'get', path: '/watch', operation: watchOperation, handlers }]
}

/** The same on a WebSocket; `?index=` goes on where a former connection ended. */
export function watchSocket({ config, directory, hub, onDropped }: ApiDeps): WsRoute {
  return {
    matches: (path) => path === '/watch',
    refuse: () => (!directory.isFilled() || hub.isFull() ? 503 : undefined),
    accept(socket: WebSocket, request) {
      const query = new URL(request.url ?? '/', 'http://registry').searchParams
      const service = query.get('service') || undefined
      const leave = hub.join({
        service,
        push({ text }) {
          if (socket.bufferedAmount > config.watchBufferBytes) {
            onDropped()
            leave()
            socket.terminate()
          } else socket.send(text)
        },
        end: () => socket.close(1001, 'going away'),
      })
      socket.on('close', leave)
      socket.send(hub.first(query.get('index'), service).frame.text)
    },
  }
}

// https://html.spec.whatwg.org/multipage/server-sent-events.html: a client that reconnects sends the last id it saw.
function events({ config, hub, onDropped }: ApiDeps): RequestHandler {
  return (request, response) => {
    const service = asked(request, 'service')
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const send = ({ index, text }: Prepared) => response.write(`id: ${index}\ndata: ${text}\n\n`)
    const beat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS)
    const leave = hub.join({
      service,
      push(frame) {
        if (response.writableLength > config.watchBufferBytes) {
          onDropped()
          leave()
          response.destroy()
        } else send(frame)
      },
      end: () => void response.end(),
    })
    response.on('close', () => {
      clearInterval(beat)
      leave()
    })
    send(hub.first(request.get('last-event-id') ?? asked(request, 'index'), service).frame)
  }
}

function longPoll({ hub, random }: ApiDeps): RequestHandler {
  return (request, response) => {
    const wait = waitMs(asked(request, 'wait'))
    if (wait === undefined)
      return problem(response, 400, 'Bad Request', { detail: 'wait: give a duration of at most 10m, such as 30s' })
    const service = asked(request, 'service')
    const index = asked(request, 'index')
    const { frame, isNews } = hub.first(index, service)
    if (isNews || wait === 0) return send(response, frame)
    const answer = (last: Prepared) => {
      clearTimeout(timer)
      leave()
      send(response, last)
    }
    // The index may have moved on for others' sake: a client that takes it over is not told of that again.
    const timeOut = () => answer(hub.first(hub.index(), service).frame)
    const timer = setTimeout(timeOut, spreadOut(wait, random))
    const leave = hub.join({ service, push: answer, end: timeOut })
    response.on('close', () => {
      clearTimeout(timer)
      leave()
    })
  }
}

function send(response: Response, { index, text }: Prepared): void {
  response.setHeader('Soaplane-Index', index)
  response.type('application/json').send(text)
}

function roomLeft({ hub }: ApiDeps): RequestHandler {
  return (_request: Request, response, next) => {
    if (!hub.isFull()) return next()
    response.setHeader('Retry-After', 5)
    unavailable(response, 'Too many watchers; try again later')
  }
}
