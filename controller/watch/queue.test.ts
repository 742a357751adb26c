import { expect, it } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { createLog } from '#lib/log.ts'
import { createMetrics } from '#lib/metrics.ts'
import { eventually } from '#test/kit/eventually.ts'
import { createQueue } from './queue.ts'

function bed(work: (run: number) => Promise<void> | void) {
  const metrics = createMetrics({ process: false })
  let runs = 0
  const queue = createQueue({
    name: 'translate',
    work: () => work(++runs),
    metrics,
    clock: systemClock,
    random: () => 1,
    log: createLog('test', 'silent'),
    backoff: { baseMs: 20, maxMs: 100 },
  })
  return { queue, metrics, runs: () => runs }
}

it('does nothing until started, then once for however many adds', async () => {
  const { queue, runs } = bed(() => {})
  for (let i = 0; i < 100; i++) queue.add()
  expect(runs()).toBe(0)
  await queue.start()
  for (let i = 0; i < 100; i++) queue.add()
  await eventually(() => runs() > 0)
  await queue.stop()
  expect(runs()).toBe(1)
})

it('makes exactly one more run for all adds during a run', async () => {
  const gate = Promise.withResolvers<void>()
  const { queue, runs } = bed((run) => (run === 1 ? gate.promise : undefined))
  await queue.start()
  queue.add()
  await eventually(() => runs() === 1)
  for (let i = 0; i < 100; i++) queue.add()
  gate.resolve()
  await eventually(() => runs() === 2)
  await queue.stop()
  expect(runs()).toBe(2)
})

it.each([
  { how: 'throws', fail: () => JSON.parse('{') },
  { how: 'rejects', fail: () => Promise.reject(new Error('no')) },
])('tries again, later each time, while the work $how', async ({ fail }) => {
  const at: number[] = []
  const { queue, metrics, runs } = bed((run) => {
    at.push(performance.now())
    return run <= 3 ? fail() : undefined
  })
  await queue.start()
  queue.add()
  await eventually(() => runs() === 4)
  await queue.stop()
  const [first = 0, second = 0, third = 0] = at.slice(1).map((time, i) => time - (at[i] ?? 0))
  expect(first).toBeGreaterThanOrEqual(19)
  expect(second).toBeGreaterThanOrEqual(39)
  expect(third).toBeGreaterThanOrEqual(79)
  const text = await metrics.text()
  expect(text).toContain('workqueue_retries_total{name="translate"} 3')
  expect(text).toContain('controller_runtime_reconcile_errors_total{controller="translate"} 3')
})

it('does not make an add wait behind the backoff of a failure', async () => {
  const { queue, runs } = bed((run) => (run === 1 ? Promise.reject(new Error('no')) : undefined))
  await queue.start()
  queue.add()
  await eventually(() => runs() === 1)
  queue.add()
  await eventually(() => runs() === 2)
  await queue.stop()
})

it('finishes the run in hand on stop and begins no other', async () => {
  const gate = Promise.withResolvers<void>()
  let finished = false
  const { queue, runs } = bed(async () => {
    await gate.promise
    finished = true
  })
  await queue.start()
  queue.add()
  await eventually(() => runs() === 1)
  queue.add()
  const stopped = queue.stop()
  gate.resolve()
  await stopped
  queue.add()
  expect([runs(), finished]).toEqual([1, true])
})

it('counts under the names of workqueue and controller-runtime', async () => {
  const { queue, metrics, runs } = bed(() => {})
  await queue.start()
  queue.add()
  queue.add()
  await eventually(() => runs() === 1)
  await queue.stop()
  const text = await metrics.text()
  for (const line of [
    'workqueue_depth{name="translate"} 0',
    'workqueue_adds_total{name="translate"} 1',
    'workqueue_queue_duration_seconds_count{name="translate"} 1',
    'workqueue_work_duration_seconds_count{name="translate"} 1',
    'workqueue_unfinished_work_seconds{name="translate"} 0',
    'workqueue_longest_running_processor_seconds{name="translate"} 0',
    'controller_runtime_reconcile_total{controller="translate",result="success"} 1',
    'controller_runtime_reconcile_time_seconds_count{controller="translate"} 1',
    'controller_runtime_active_workers{controller="translate"} 0',
    'controller_runtime_max_concurrent_reconciles{controller="translate"} 1',
  ]) {
    expect(text).toContain(line)
  }
})
