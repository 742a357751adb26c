import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/**
 * Threads for work that cannot be asked to stop. Each has one task at a time; the rest waits here, so that a thread that is
 * ended takes nothing but its own task with it.
 *
 *   run ──► waiting ──a thread is free──► at work ──answer──► settled
 *              ▲                             └──timeout: the thread is ended──► TimedOut
 *              └── a new thread, when the next one waits
 */
export interface WorkerPool<Task, Answer> {
  /** Rejects with WorkerFault. */
  readonly run: (task: Task) => Promise<Answer>
  /** Ends every thread, what is at work and what waits. */
  readonly stop: () => Promise<void>
}

export type WorkerFaultReason =
  | 'TimedOut'
  | 'OutOfMemory'
  | 'Crashed' // or it could not be started
  | 'Full'
  | 'Stopped'

export class WorkerFault extends Error {
  readonly reason: WorkerFaultReason

  constructor(reason: WorkerFaultReason, message: string) {
    super(message)
    this.name = 'WorkerFault'
    this.reason = reason
  }
}

export interface WorkerPoolOptions {
  /** A module that says READY once, and then posts one answer for each task, in turn. */
  readonly module: URL
  readonly workerData: unknown
  /** Threads at most; they are started when there is work for them. */
  readonly threads: number
  /** One task, from when a thread has it. */
  readonly timeoutMs: number
  /** Tasks that wait at most; more are refused. */
  readonly maxWaiting: number
  /** Heap of a thread. */
  readonly memoryMb: number
}

export const READY = 'ready'

// For what dies young: with a third of it an evaluation, whose promises do, takes half as long again.
const YOUNG_MB = 48

interface Job<Task, Answer> {
  readonly task: Task
  readonly resolve: (answer: Answer) => void
  readonly reject: (fault: WorkerFault) => void
}

interface Thread<Task, Answer> {
  readonly worker: Worker
  ready: boolean
  job?: Job<Task, Answer> | undefined
  timer?: NodeJS.Timeout
  /** Why it is about to end. */
  fault?: WorkerFault
}

export function createWorkerPool<Task, Answer>(options: WorkerPoolOptions): WorkerPool<Task, Answer> {
  const threads = new Set<Thread<Task, Answer>>()
  const waiting: Job<Task, Answer>[] = []
  let stopped = false

  function serve(): void {
    for (const thread of threads) {
      const job = isFree(thread) ? waiting.shift() : undefined
      if (job) give(thread, job)
    }
    const starting = [...threads].some(({ ready }) => !ready)
    if (waiting.length > 0 && !starting && threads.size < options.threads && !stopped) start()
  }

  function give(thread: Thread<Task, Answer>, job: Job<Task, Answer>): void {
    thread.job = job
    thread.worker.ref()
    thread.timer = setTimeout(() => void overdue(thread, job), options.timeoutMs)
    thread.worker.postMessage(job.task)
  }

  async function overdue(thread: Thread<Task, Answer>, job: Job<Task, Answer>): Promise<void> {
    // This loop may have been held up itself: an answer that came meanwhile is read in the turn that follows.
    await nextTurn()
    if (thread.job === job) end(thread, new WorkerFault('TimedOut', `no result within ${options.timeoutMs} ms`))
  }

  /** A thread that is at its end counts no more: another may take its place at once. */
  function end(thread: Thread<Task, Answer>, fault: WorkerFault): void {
    threads.delete(thread)
    clearTimeout(thread.timer)
    // One that could not even start fails what waits longest: else the next would try the same for ever.
    const job = thread.ready ? thread.job : waiting.shift()
    thread.job = undefined
    job?.reject(fault)
    void thread.worker.terminate()
    serve()
  }

  function start(): void {
    const { module, workerData, memoryMb } = options
    const resourceLimits = { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB }
    const thread: Thread<Task, Answer> = { worker: new Worker(module, { workerData, resourceLimits }), ready: false }
    threads.add(thread)
    thread.worker.on('message', (answer: Answer | typeof READY) => {
      if (!thread.ready) thread.ready = true
      else settle(thread, answer as Answer)
      // A thread at rest must not keep the process.
      if (thread.job === undefined) thread.worker.unref()
      serve()
    })
    thread.worker.on('error', (error: NodeJS.ErrnoException) => {
      thread.fault = faultOf(error, memoryMb)
    })
    thread.worker.on('exit', () => {
      if (threads.has(thread)) end(thread, thread.fault ?? new WorkerFault('Crashed', 'the worker ended by itself'))
    })
  }

  return {
    run(task) {
      if (stopped) return Promise.reject(stopping())
      if (waiting.length >= options.maxWaiting)
        return Promise.reject(new WorkerFault('Full', `${waiting.length} evaluations wait for a worker already`))
      return new Promise((resolve, reject) => {
        waiting.push({ task, resolve, reject })
        serve()
      })
    },
    async stop() {
      stopped = true
      for (const job of waiting.splice(0)) job.reject(stopping())
      const ending = [...threads].map(({ worker }) => worker)
      for (const thread of [...threads]) end(thread, stopping())
      await Promise.all(ending.map((worker) => worker.terminate()))
    },
  }
}

function isFree({ ready, job }: { readonly ready: boolean; readonly job?: object | undefined }): boolean {
  return ready && job === undefined
}

function settle<Task, Answer>(thread: Thread<Task, Answer>, answer: Answer): void {
  clearTimeout(thread.timer)
  const { job } = thread
  thread.job = undefined
  job?.resolve(answer)
}

function faultOf(error: NodeJS.ErrnoException, memoryMb: number): WorkerFault {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new WorkerFault('OutOfMemory', `needs more than ${memoryMb} MiB`)
  return new WorkerFault('Crashed', `the worker failed: ${error.message}`)
}

function stopping(): WorkerFault {
  return new WorkerFault('Stopped', 'the process is about to stop')
}
