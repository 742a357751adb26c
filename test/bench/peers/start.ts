import { join } from 'node:path'
import { startChild } from '#test/kit/child.ts'
import { freePort } from '#test/kit/free-port.ts'
import { startNginx } from '../bed/nginx.ts'
import { scratchFolder } from '../bed/scratch.ts'
import { answering, type Server } from '../bed/server.ts'
import { proxyConfiguration } from './nginx.ts'

/** What a proxy is to do. */
export interface Setting {
  readonly routes: number
  readonly limited: boolean
}

export type StartProxy = (backend: string, setting: Setting) => Promise<Server>

/** Starts a peer that is a Node program, as in production. */
export function nodePeer(script: 'express.ts' | 'fastify.ts'): StartProxy {
  return async function start(backend, { routes, limited }) {
    const port = await freePort()
    const asked = [join(import.meta.dirname, script), String(port), backend, String(routes), String(limited)]
    const child = startChild(process.execPath, asked, {
      logFile: join(scratchFolder(), 'output.log'),
      env: { NODE_ENV: 'production' },
    })
    return answering(child, `http://127.0.0.1:${port}`)
  }
}

export const nginxPeer: StartProxy = (backend, setting) =>
  startNginx((port) => proxyConfiguration({ port, backend, ...setting }))
