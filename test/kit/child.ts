import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** A server that a test bed runs: its output is in a file, its end is by pid. */
export interface Child {
  readonly pid: number
  /** Why it is no longer running, with its last lines; undefined while it runs. */
  readonly ended: () => string | undefined
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
}

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

export function startChild(
  command: string,
  args: readonly string[],
  { logFile, env = {} }: { logFile: string; env?: Record<string, string> },
): Child {
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } })
  closeSync(log)
  alive.add(child)
  let end: string | undefined
  const gone = new Promise<void>((resolve) => {
    child.on('error', (error) => over(`cannot start: ${error.message}`, resolve))
    child.on('exit', (code, signal) => over(`ended with ${signal ?? code}`, resolve))
  })

  function over(how: string, resolve: () => void): void {
    alive.delete(child)
    end ??= `${command} ${how}\n${tail(logFile)}`
    resolve()
  }

  return {
    pid: child.pid ?? 0,
    ended: () => end,
    async kill(signal = 'SIGKILL') {
      if (end === undefined) child.kill(signal)
      await gone
    },
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-15).join('\n')
}
