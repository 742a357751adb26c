import { randomUUID } from 'node:crypto'
import type { ConsumeMessage } from '#lib/amqp.ts'
import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import { pause } from '#lib/kube/pause.ts'
import type { Log } from '#lib/log.ts'
import { readMessage } from '../envelope/read.ts'
import { markOf } from '../envelope/write.ts'
import type { Failure, Message, Passage } from '../mediations/message.ts'
import type { Delivery, Group, Held, Mediation, Plan, Ports, Remembered } from '../mediations/plan.ts'
import { SHORT_WAIT_MS } from '../mediations/retry.ts'
import type { RouteMetrics } from '../metrics.ts'
import type { Deliver } from './deliver.ts'
import { createGroups } from './groups.ts'
import type { Settling } from './in-hand.ts'
import type { Seen } from './seen.ts'
import type { Send } from './sender.ts'
import { nextLap, type PutAway } from './settle.ts'
import type { Throttle } from './throttle.ts'

/**
 * One message from its receipt to its settling:
 *
 *   read ──► wait out the delay ──► throttle ──► plan ──► deliver all ──confirmed──► remember ──► ack
 *                                                  │          └─failed──┐
 *                                                  ├─fail───────────────┴──► delay or dead letters ──confirmed──► ack
 *                                                  ├─drop──► ack
 *                                                  └─hold──► group ──full or late──► plan on, deliver all, ack all
 *
 * Ack follows confirm: a crash between them repeats a message rather than loses it.
 */
export interface Handler {
  /** Acknowledges in the end, or not at all when the channel it came by ends first. Never rejects. */
  readonly handle: (delivery: ConsumeMessage, settling: Settling) => Promise<void>
  /** Forgets what is held of a channel that is over, or about to be: it is given to somebody else. */
  readonly abandon: (channel: AbortSignal) => void
}

/** A message of a group. */
interface Member {
  readonly held: Held
  readonly tried: Tried
  readonly remember: Remembered | undefined
  /** Lets go of its key: another copy may be worked on. */
  readonly release: () => void
  readonly settling: Settling
}

interface Tried {
  readonly message: Message
  readonly passage: Passage
  readonly done: readonly string[]
}

export interface HandlerDeps {
  readonly route: string
  readonly queue: string
  readonly maxHops: number
  readonly maxBytes: number
  /** The newest: a message meets the spec of the moment, at each try. */
  readonly mediation: () => Mediation
  readonly ports: Ports
  readonly throttles: () => readonly Throttle[]
  readonly seen: Seen | undefined
  readonly deliver: Deliver
  readonly putAway: PutAway
  /** To what is the bus's own. */
  readonly send: Send
  readonly metrics: RouteMetrics
  readonly clock: Clock
  readonly log: Log
}

export function createHandler(deps: HandlerDeps): Handler {
  const { route, queue, mediation, ports, metrics, clock, log } = deps
  const groups = createGroups<Member>((group, members) => void complete(group, members))

  async function handle(delivery: ConsumeMessage, settling: Settling): Promise<void> {
    const { signal } = settling
    const startedAt = clock.monotonic()
    metrics.taken()
    const { resumeAt, ...received } = readMessage(delivery, randomUUID)
    const tried: Tried = received
    try {
      const left = (resumeAt ?? 0) - clock.now()
      if (left > SHORT_WAIT_MS) {
        const sent = await deps.send(nextLap(tried, { queue, resumeAt: resumeAt ?? 0, now: clock.now() }), signal)
        // Where the lap cannot begin, the wait goes on here; the message is in hand meanwhile.
        if (sent.sent) return settling.ack()
      }
      if (left > 0) await pause(left, signal)
      for (const throttle of deps.throttles()) await throttle.admitted(signal)
      if (!signal.aborted) await treat(tried, settling)
    } catch (error) {
      // A defect of this code, not of the message: it goes the way of what may pass, so that it is seen and not lost.
      log.error({ route, message: tried.message.id, error: reasonOf(error) }, 'Message could not be handled')
      await fail(tried, { class: 'Transient', reason: 'Internal', message: reasonOf(error) }, settling)
    } finally {
      metrics.hop((clock.monotonic() - startedAt) / 1_000)
    }
  }

  async function treat(tried: Tried, settling: Settling): Promise<void> {
    const refusal = unfit(tried)
    if (refusal !== undefined) return fail(tried, refusal, settling)
    const plan = await planned(tried)
    if (plan.remember === undefined || deps.seen === undefined) return follow(plan, tried, settling)
    const release = await deps.seen.claim(plan.remember.key)
    let held = false
    try {
      // Another copy was in hand, and is settled by now.
      const isLate = deps.seen.has(plan.remember)
      const again = isLate ? await planned(tried) : plan
      held = again.outcome === 'hold'
      await follow(again, tried, settling, release)
    } finally {
      // A held message lets go of its key with its group.
      if (!held) release()
    }
  }

  function unfit({ message, passage }: Tried): Failure | undefined {
    if (passage.hops >= deps.maxHops)
      return { class: 'Permanent', reason: 'TooManyHops', message: `It went through ${passage.hops} routes: a loop?` }
    if (message.body.length > deps.maxBytes)
      return { class: 'Permanent', reason: 'TooLarge', message: `The body is over ${deps.maxBytes} bytes` }
    return undefined
  }

  async function planned({ message, passage }: Tried): Promise<Outcome> {
    const plan = await mediation().plan(message, ports, passage.attempt)
    tellSteps(plan)
    return plan
  }

  function tellSteps({ trace }: Plan): void {
    for (const { step, seconds } of trace) metrics.step(step, seconds)
  }

  async function follow(
    plan: Outcome,
    tried: Tried,
    settling: Settling,
    release: () => void = () => {},
  ): Promise<void> {
    const { signal } = settling
    // Given to somebody else meanwhile: a group, above all, must not hold what comes again.
    if (signal.aborted) return release()
    switch (plan.outcome) {
      case 'deliver': {
        if (plan.dropped !== undefined) metrics.filtered(plan.dropped.reason)
        const outcome = await deliverAll(plan.deliveries, tried, signal)
        if (outcome.failure !== undefined) return fail({ ...tried, done: outcome.done }, outcome.failure, settling)
        if (await remembered(plan.remember, signal)) settling.ack()
        return
      }
      case 'drop':
        metrics.filtered(plan.reason)
        return settling.ack()
      case 'fail':
        return fail(tried, plan.failure, settling)
      case 'hold':
        return groups.add(plan.group, { held: plan.held, tried, remember: plan.remember, release, settling })
      default:
        plan satisfies never
    }
  }

  /** All of them at once; what arrived at an earlier try is not sent again. */
  async function deliverAll(
    deliveries: readonly Delivery[],
    tried: Tried,
    signal: AbortSignal,
  ): Promise<{ readonly failure?: Failure; readonly done: readonly string[] }> {
    const known = new Set(tried.done)
    const isKnown = ({ id }: Delivery) => known.size > 0 && known.has(markOf(id))
    const failures = await Promise.all(
      deliveries.map((each) => (isKnown(each) ? undefined : delivered(each, tried, signal))),
    )
    const failed = failures.filter((each) => each !== undefined)
    // While one may still get through, the message is not dead for the sake of another.
    const failure = failed.find((each) => each.class === 'Transient') ?? failed[0]
    if (failure === undefined) return { done: tried.done }
    const arrived = deliveries.filter((_delivery, i) => failures[i] === undefined).map(({ id }) => markOf(id))
    return { failure, done: [...new Set([...tried.done, ...arrived])] }
  }

  async function delivered(delivery: Delivery, tried: Tried, signal: AbortSignal): Promise<Failure | undefined> {
    const failure = await deps.deliver(delivery, tried, signal)
    if (failure === undefined) metrics.out(delivery.tap === undefined ? delivery.to.kind : 'tap')
    return failure
  }

  async function remembered(remember: Remembered | undefined, signal: AbortSignal): Promise<boolean> {
    if (remember === undefined || deps.seen === undefined) return !signal.aborted
    return deps.seen.remember(remember, signal)
  }

  async function fail(tried: Tried, failure: Failure, settling: Settling): Promise<void> {
    if (settling.signal.aborted) return
    if ((await deps.putAway(tried, failure, settling.signal)) === 'put away') settling.ack()
  }

  /** A group goes on as one message; in the end each member is settled, or each is put away by itself. */
  async function complete(group: Group, members: readonly Member[]): Promise<void> {
    const [first] = members
    if (first === undefined) return
    const { tried, settling } = first
    try {
      const plan = await mediation().resume(
        group,
        members.map(({ held }) => held),
        ports,
      )
      tellSteps(plan)
      if (plan.outcome === 'fail') return await failEach(members, plan.failure)
      if (plan.outcome === 'deliver') {
        const { failure } = await deliverAll(plan.deliveries, { ...tried, done: [] }, settling.signal)
        if (failure !== undefined) return await failEach(members, failure)
      }
      if (plan.outcome === 'drop') metrics.filtered(plan.reason, members.length)
      for (const member of members) if (await remembered(member.remember, member.settling.signal)) member.settling.ack()
    } catch (error) {
      log.error({ route, group: group.correlation, error: reasonOf(error) }, 'Group could not be handled')
      await failEach(members, { class: 'Transient', reason: 'Internal', message: reasonOf(error) })
    } finally {
      for (const { release } of members) release()
    }
  }

  async function failEach(members: readonly Member[], failure: Failure): Promise<void> {
    await Promise.all(members.map(({ tried, settling }) => fail(tried, failure, settling)))
  }

  function abandon(channel: AbortSignal): void {
    for (const { release, settling } of groups.take((member) => member.settling.signal === channel)) {
      release()
      settling.leave()
    }
  }

  return { handle, abandon }
}

type Outcome = Plan & { readonly remember?: Remembered }
