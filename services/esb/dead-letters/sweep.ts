import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import { pause } from '#lib/kube/pause.ts'
import type { Order } from './order.ts'
import type { Pick } from './pick.ts'
import { bare, type Got, type LetterChannel, putBack } from './put-back.ts'

/** Does what is to be done with a letter: done, so that it can go; or why not, and it stays. */
export type Act = (letter: Got) => Promise<{ readonly done: true } | { readonly done: false; readonly why: string }>

/** How far a sweep has come. */
export interface Tally {
  /** Letters that were meant. */
  readonly matched: number
  readonly done: number
  readonly skipped: number
  readonly failed: number
  /** Not looked at, of those that were there at the start. */
  readonly remaining: number
  /** Why it ended before all were looked at. */
  readonly stopped?: string
  /** What the filter failed on: those letters count as skipped. */
  readonly filterFault?: string
}

export interface Task {
  readonly pick: Pick
  readonly act: Act
  readonly order: Omit<Order, 'filter' | 'ids'>
  readonly clock: Clock
  readonly maxMs: number
  /** Ends it early. */
  readonly signal: AbortSignal
}

/** Letters at once on their way to be confirmed. */
const IN_FLIGHT = 64

/**
 * Once through the letters that are there now, from the head:
 *
 *   get ─► meant? ─yes─► act, confirmed ─► ack
 *             └──no, or it failed──► held, and put back at the end: none is seen twice, and a crash puts all back
 */
export async function sweep(channel: LetterChannel, queue: string, task: Task): Promise<Tally> {
  const { messageCount } = await channel.checkQueue(queue)
  const state = begin(task)
  try {
    while (state.looked < messageCount && state.matched < task.order.limit) {
      state.stopped ??= whyStop(state, task)
      const letter = state.stopped === undefined && (await channel.get(queue))
      if (letter === false) break
      state.looked += 1
      await take(channel, letter, state, task)
    }
  } catch (error) {
    state.stopped ??= reasonOf(error)
  }
  await Promise.all(state.acting)
  await putBack(channel, queue, state.held)
  const { matched, done, skipped, failed, stopped, filterFault } = state
  return {
    ...{ matched, done, skipped, failed, remaining: messageCount - state.looked },
    ...(stopped !== undefined && { stopped }),
    ...(filterFault !== undefined && { filterFault }),
  }
}

interface State {
  looked: number
  matched: number
  done: number
  skipped: number
  failed: number
  stopped?: string | undefined
  filterFault?: string | undefined
  /** When the next may be acted on, and when all must end; monotonic. */
  nextAt: number
  readonly deadline: number
  readonly held: Got[]
  readonly acting: Set<Promise<void>>
}

function begin({ clock, maxMs }: Task): State {
  const now = clock.monotonic()
  const counts = { looked: 0, matched: 0, done: 0, skipped: 0, failed: 0 }
  return { ...counts, nextAt: now, deadline: now + maxMs, held: [], acting: new Set() }
}

function whyStop({ nextAt, deadline }: State, { signal, clock, maxMs }: Task): string | undefined {
  if (signal.aborted) return 'this replica stops'
  return Math.max(clock.monotonic(), nextAt) >= deadline ? `${maxMs / 1_000} s are over` : undefined
}

async function take(channel: LetterChannel, letter: Got, state: State, task: Task): Promise<void> {
  const { isMeant, fault } = await task.pick(letter)
  state.filterFault ??= fault
  if (isMeant) state.matched += 1
  else state.skipped += 1
  if (!isMeant || task.order.dryRun) return void state.held.push(bare(letter))
  await paced(state, task)
  const each = acted(channel, letter, state, task.act).finally(() => state.acting.delete(each))
  state.acting.add(each)
  if (state.acting.size >= IN_FLIGHT) await Promise.race(state.acting)
}

async function paced(state: State, { order, clock, signal }: Task): Promise<void> {
  if (order.rate === undefined) return
  const wait = state.nextAt - clock.monotonic()
  if (wait > 0) await pause(wait, signal)
  state.nextAt = Math.max(state.nextAt, clock.monotonic()) + order.rate.periodMs / order.rate.limit
}

async function acted(channel: LetterChannel, letter: Got, state: State, act: Act): Promise<void> {
  try {
    const outcome = await act(letter)
    if (outcome.done) {
      // Ack follows the confirm of the copy: a crash between them repeats the letter rather than loses it.
      channel.ack(letter)
      state.done += 1
      return
    }
    state.stopped ??= outcome.why
  } catch (error) {
    state.stopped ??= reasonOf(error)
  }
  state.failed += 1
  state.held.push(bare(letter))
}
