import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { reasonIn } from './command.ts'

/** A long-running program as the leader of its own process group: a terminal's Ctrl-C does not reach it, we end it. */
export interface ProcessGroup {
  readonly pid: number
  /** Why it is over, with what it wrote of it; undefined while it runs. */
  readonly ended: () => string | undefined
  /** SIGTERM to the leader, and SIGKILL to all of the group when it is not gone by the deadline. */
  readonly stop: (deadlineMs: number) => Promise<void>
  /** SIGKILL to all of the group. */
  readonly kill: () => Promise<void>
}

const EMPTY_MS = 2_000

export function processGroup(
  name: string,
  file: string,
  args: readonly string[],
  { cwd, env, output }: { cwd: string; env: NodeJS.ProcessEnv; output: string },
): ProcessGroup {
  const log = openSync(output, 'a')
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  let end: string | undefined
  const gone = new Promise<void>((resolve) => {
    const over = (how: string) => {
      end ??= [`${name} ${how}`, reasonIn(readFileSync(output, 'utf8'))].filter(Boolean).join(': ')
      resolve()
    }
    child.on('error', (error) => over(`cannot start (${error.message})`))
    child.on('exit', (code, signal) => over(`ended with ${signal ?? code}`))
  })

  /** Whether there was anybody in the group to take the signal; 0 only asks. */
  function signalAll(signal: NodeJS.Signals | 0): boolean {
    try {
      return child.pid !== undefined && process.kill(-child.pid, signal)
    } catch {
      // ESRCH: nobody of the group is left.
      return false
    }
  }

  /** The leader may go before the others do, whose ports are still open then. */
  async function killAll(): Promise<void> {
    signalAll('SIGKILL')
    await gone
    // Not for ever: where nobody reaps orphans, the dead stay in the group.
    const deadline = performance.now() + EMPTY_MS
    while (signalAll(0) && performance.now() < deadline) await pause(20)
  }

  return {
    pid: child.pid ?? 0,
    ended: () => end,
    async stop(deadlineMs) {
      if (end === undefined) child.kill('SIGTERM')
      const late = setTimeout(() => signalAll('SIGKILL'), deadlineMs)
      await gone
      clearTimeout(late)
      await killAll()
    },
    kill: killAll,
  }
}
