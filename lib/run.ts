import { reasonOf } from './error.ts'
import type { Log } from './log.ts'

/**
 * A process is a list of parts, started in order and stopped in reverse.
 *
 *   starting ──all started──► running ──SIGTERM──► draining ──all stopped──► exit 0
 *      │                                              └──deadline passed──► exit 1, names the parts that held on
 *      └──a part failed──► stop what had started ──► exit 1
 */
export interface Part {
  readonly name: string
  /** Resolves when the part does its work (a socket is open, a loop runs). Rejects with a SoaError that names the cause. */
  readonly start: () => Promise<void> | void
  /** Stops intake, finishes what is in hand, frees what it holds. Called once, only after `start` resolved. */
  readonly stop: () => Promise<void> | void
  /** Why the part cannot serve yet; undefined when it can. */
  readonly unready?: () => string | undefined
}

/** A list of parts that can be started and stopped as one. */
export interface Life {
  readonly start: () => Promise<void>
  /** Stops in reverse; resolves with the names of the parts that held on past the deadline. */
  readonly stop: (deadlineMs: number) => Promise<readonly string[]>
  /** Takes the process out of readiness before anything stops. */
  readonly drain: () => void
  /** Each reason not to be ready, `part: reason`; empty when ready. */
  readonly unready: () => readonly string[]
}

export function createLife(parts: readonly Part[]): Life {
  const started: Part[] = []
  let phase: 'starting' | 'running' | 'draining' = 'starting'

  async function stop(deadlineMs: number): Promise<readonly string[]> {
    phase = 'draining'
    const deadline = performance.now() + deadlineMs
    const heldOn: string[] = []
    for (let part = started.pop(); part; part = started.pop()) {
      if (!(await stopsInTime(part, deadline - performance.now()))) heldOn.push(part.name)
    }
    return heldOn
  }

  return {
    async start() {
      for (const part of parts) {
        await part.start()
        started.push(part)
      }
      if (phase === 'starting') phase = 'running'
    },
    stop,
    drain() {
      phase = 'draining'
    },
    unready() {
      if (phase !== 'running') return [`process: ${phase}`]
      return parts.flatMap((part) => {
        const reason = part.unready?.()
        return reason === undefined ? [] : [`${part.name}: ${reason}`]
      })
    },
  }
}

async function stopsInTime(part: Part, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.max(0, ms))
  })
  try {
    const outcome = await Promise.race([Promise.resolve(part.stop()).then(() => 'stopped' as const), late])
    return outcome === 'stopped'
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}

export interface RunOptions {
  readonly log: Log
  /** How long the process stays up, unready, so that routers learn of it before sockets close. */
  readonly drainDelayMs?: number
  /** How long all parts together may take to stop. */
  readonly stopDeadlineMs?: number
}

/** Runs the parts as this process until SIGTERM or SIGINT, then exits. */
export async function run(life: Life, { log, drainDelayMs = 0, stopDeadlineMs = 25_000 }: RunOptions): Promise<void> {
  let stopping = false
  async function end(code: number, why: string): Promise<void> {
    if (stopping) return
    stopping = true
    log.info({ why }, 'Stopping')
    life.drain()
    if (code === 0 && drainDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, drainDelayMs))
    const heldOn = await life.stop(stopDeadlineMs)
    if (heldOn.length > 0) log.error({ parts: heldOn }, 'Parts held on past the deadline')
    else log.info('Stopped')
    process.exit(heldOn.length > 0 ? 1 : code)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(0, signal))
  // A lost rejection means an unknown state: a restart is safer than going on.
  process.on('unhandledRejection', (error) => {
    log.fatal({ error: reasonOf(error) }, 'Unhandled rejection')
    void end(1, 'unhandledRejection')
  })
  try {
    await life.start()
    log.info('Started')
  } catch (error) {
    log.fatal({ error: reasonOf(error) }, 'Start failed')
    await end(1, 'start failed')
  }
}
