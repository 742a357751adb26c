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
  /** Asks a start that is under way to give up, when the process is to stop meanwhile: `start` then rejects soon, all freed. */
  readonly abandon?: () => void
  /** Stops intake, finishes what is in hand, frees what it holds. Called once, only after `start` resolved. */
  readonly stop: () => Promise<void> | void
  /** Told once that the process is about to stop, while everything still works: the time to send clients elsewhere. */
  readonly drain?: () => void
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
  let underWay: { readonly part: Part; readonly start: Promise<void> } | undefined

  const isStopping = () => phase === 'draining'

  async function start(): Promise<void> {
    for (const part of parts) {
      if (isStopping()) return
      underWay = { part, start: (async () => part.start())() }
      try {
        await underWay.start
      } catch (error) {
        // A start that was asked to give up has done as asked.
        if (isStopping() && part.abandon) return
        throw error
      }
      underWay = undefined
      started.push(part)
    }
    if (!isStopping()) phase = 'running'
  }

  async function stop(deadlineMs: number): Promise<readonly string[]> {
    phase = 'draining'
    const deadline = performance.now() + deadlineMs
    const heldOn: string[] = []
    if (underWay?.part.abandon) {
      underWay.part.abandon()
      const givenUp = underWay.start.catch(() => {})
      if (!(await inTime(givenUp, deadline - performance.now()))) heldOn.push(underWay.part.name)
    }
    for (let part = started.pop(); part; part = started.pop()) {
      const stopped = (async (stopping: Part) => stopping.stop())(part)
      if (!(await inTime(stopped, deadline - performance.now()))) heldOn.push(part.name)
    }
    return heldOn
  }

  return {
    start,
    stop,
    drain() {
      phase = 'draining'
      for (const part of started) part.drain?.()
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

/** Whether the work is done within that time; work that fails is not. */
async function inTime(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms))
  })
  try {
    return await Promise.race([work.then(() => true), late])
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
    if (!stopping) log.info('Started')
  } catch (error) {
    log.fatal({ error: reasonOf(error) }, 'Start failed')
    await end(1, 'start failed')
  }
}
