import { createServer, request, type Server } from 'node:http'
import { text } from 'node:stream/consumers'

/** What a node does when asked; what it gives is printed to whoever asked. */
export type Deeds = Readonly<Record<string, (body: string) => Promise<string>>>

/** Serves deeds on a socket in the file system, which other namespaces see too: `POST /<deed>`. */
export function serveDeeds(socket: string, deeds: Deeds): Server {
  return createServer((asked, answer) => {
    const deed = deeds[asked.url?.slice(1) ?? '']
    const done = (status: number, said: string) => answer.writeHead(status).end(said)
    if (deed === undefined) return void done(404, `there is no ${asked.url}`)
    text(asked)
      .then(deed)
      .then(
        (said) => done(200, said),
        (error: Error) => done(500, error.message),
      )
  }).listen(socket)
}

/** Asks for a deed and gives what it gave; rejects with what it complained of. */
export function ask(socketPath: string, deed: string, body: unknown = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: `/${deed}`, method: 'POST', agent: false }, (answer) => {
      text(answer).then((said) => (answer.statusCode === 200 ? resolve(said) : reject(new Error(said))), reject)
    })
      .on('error', reject)
      .end(JSON.stringify(body))
  })
}
