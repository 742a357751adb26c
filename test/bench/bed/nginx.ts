import { join } from 'node:path'
import { type Child, startChild } from '#test/kit/child.ts'
import { freePort } from '#test/kit/free-port.ts'
import { backendConfiguration, nginxArguments } from './nginx-configuration.ts'
import { scratchFolder } from './scratch.ts'
import { answering, type Server } from './server.ts'
import { needs } from './tools.ts'
import { familyOf } from './use.ts'

/** The body of every answer of the backend: one kilobyte. */
export const BODY = 'soaplane'.repeat(128)

/** Starts an nginx of our own with this configuration. */
export async function startNginx(configure: (port: number) => string): Promise<Server> {
  const folder = scratchFolder()
  const port = await freePort()
  const child: Child = startChild(await needs('nginx'), nginxArguments(folder, configure(port)), {
    logFile: join(folder, 'output.log'),
  })
  let workers: readonly number[] = []
  const killWorkers = () => workers.forEach(killIfThere)
  process.once('exit', killWorkers)
  const server = await answering(child, `http://127.0.0.1:${port}`)
  workers = familyOf(child.pid).slice(1)
  return {
    ...server,
    async stop() {
      await server.stop()
      process.removeListener('exit', killWorkers)
    },
  }
}

// When this process ends early its children are killed, and an nginx that is killed does not take its worker along.
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The backend of every benchmark with requests in it: far faster than any proxy before it. */
export function startBackend(): Promise<Server> {
  return startNginx((port) => backendConfiguration(port, BODY))
}
