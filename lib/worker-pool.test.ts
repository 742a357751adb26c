import { afterEach, describe, expect, it } from 'vitest'
import { createWorkerPool, WorkerFault, type WorkerPool, type WorkerPoolOptions } from './worker-pool.ts'

let pool: WorkerPool<string, string>
afterEach(() => pool.stop())

/** Answers in capitals; some tasks it does not survive. */
const CAPITALS = `
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', (task) => {
    if (task === 'loop') for (;;);
    if (task === 'exit') process.exit()
    if (task === 'throw') throw new Error('no such task')
    parentPort.postMessage(task.toUpperCase())
  })
  parentPort.postMessage('ready')`

function poolOf(code: string, more: Partial<WorkerPoolOptions> = {}) {
  pool = createWorkerPool({
    module: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
    ...{ workerData: undefined, threads: 1, timeoutMs: 500, maxWaiting: 100, memoryMb: 32, ...more },
  })
  return pool
}

const outcomes = async (answers: readonly Promise<string>[]) =>
  (await Promise.allSettled(answers)).map((one) =>
    one.status === 'fulfilled' ? one.value : one.reason instanceof WorkerFault ? one.reason.reason : one.reason,
  )

describe('a pool of workers', () => {
  it('answers in the order of the tasks', async () => {
    const { run } = poolOf(CAPITALS)
    const ended: string[] = []
    await Promise.all(['a', 'b', 'c'].map(async (task) => ended.push(await run(task))))
    expect(ended).toEqual(['A', 'B', 'C'])
  })

  it.each([
    { task: 'loop', outcome: 'TimedOut' },
    { task: 'exit', outcome: 'Crashed' },
    { task: 'throw', outcome: 'Crashed' },
  ])('loses the task "$task" alone when a thread ends of it', async ({ task, outcome }) => {
    const { run } = poolOf(CAPITALS)
    expect(await outcomes(['a', task, 'b', task, 'c'].map(run))).toEqual(['A', outcome, 'B', outcome, 'C'])
  })

  it('has others at work beside one that does not end', async () => {
    const { run } = poolOf(CAPITALS, { threads: 2, timeoutMs: 2_000 })
    const ended: string[] = []
    const endless = outcomes([run('loop')]).then(() => ended.push('loop'))
    await run('a')
    ended.push('a')
    await endless
    expect(ended).toEqual(['a', 'loop'])
  })

  it('fails what waits when threads cannot start, instead of trying for ever', async () => {
    const { run } = poolOf('throw new Error("no such module")')
    expect(await outcomes([run('a'), run('b')])).toEqual(['Crashed', 'Crashed'])
  })

  it('refuses more than may wait', async () => {
    const { run } = poolOf(CAPITALS, { maxWaiting: 2 })
    expect(await outcomes([run('a'), run('b'), run('c')])).toEqual(['A', 'B', 'Full'])
  })

  it('takes an answer that came while this thread was held up itself', async () => {
    const { run } = poolOf(CAPITALS)
    await run('warm')
    const answer = run('a')
    // Longer than the timeout: the answer lies there when the clock is looked at.
    const until = performance.now() + 700
    while (performance.now() < until);
    expect(await outcomes([answer])).toEqual(['A'])
  })

  it('ends all with the stop', async () => {
    const { run, stop } = poolOf(CAPITALS)
    const answers = outcomes([run('loop'), run('a')])
    await stop()
    expect([await answers, await outcomes([run('b')])]).toEqual([['Stopped', 'Stopped'], ['Stopped']])
  })
})
