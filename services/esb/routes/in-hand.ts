import type { ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'
import { type AckChannel, type Acks, createAcks } from './acks.ts'

/**
 * The messages between their receipt and their settling. Each is settled once, on the channel it came by: tags mean nothing
 * on another one (AMQP 0-9-1 §1.1), and what is not settled when the channel ends is given to somebody else.
 */
export interface InHand {
  readonly take: (channel: ConfirmChannel, delivery: ConsumeMessage, signal: AbortSignal) => Settling
  readonly count: () => number
  readonly oldestMs: () => number
  /** Whether anything that came by this channel is left. */
  readonly has: (channel: ConfirmChannel) => boolean
  /** Resolves when nothing that came by this channel is left. */
  readonly empty: (channel: ConfirmChannel) => Promise<void>
  /** Acknowledges by this channel what was settled, and no more: it is about to be closed. */
  readonly end: (channel: ConfirmChannel) => void
  /** The channel is lost: what came by it is no longer ours. */
  readonly forget: (channel: ConfirmChannel) => void
}

/** The two ends of a delivery; whichever comes first is its only one. */
export interface Settling {
  /** After its effect. */
  readonly ack: () => void
  /** Leaves it to whom the broker gives it next, once the channel closes. */
  readonly leave: () => void
  /** Aborted once the channel is no more: the message is somebody else's from then on. */
  readonly signal: AbortSignal
}

export function createInHand(monotonic: () => number): InHand {
  // In the order of receipt: the first is the oldest.
  const held = new Map<ConsumeMessage, { readonly channel: ConfirmChannel; readonly since: number }>()
  const waiters = new Set<() => void>()
  const acks = new WeakMap<ConfirmChannel, Acks>()

  function acksOf(channel: ConfirmChannel): Acks {
    const known = acks.get(channel) ?? createAcks(channel as unknown as AckChannel)
    acks.set(channel, known)
    return known
  }

  function release(delivery: ConsumeMessage, effect: () => void): void {
    if (!held.delete(delivery)) return
    effect()
    for (const look of waiters) look()
  }

  const has = (channel: ConfirmChannel) => held.values().some((each) => each.channel === channel)

  return {
    has,
    take(channel, delivery, signal) {
      held.set(delivery, { channel, since: monotonic() })
      return {
        ack: () => release(delivery, () => acksOf(channel).add(delivery.fields.deliveryTag)),
        leave: () => release(delivery, () => {}),
        signal,
      }
    },
    count: () => held.size,
    oldestMs() {
      for (const { since } of held.values()) return monotonic() - since
      return 0
    },
    empty(channel) {
      return new Promise((resolve) => {
        const look = () => {
          if (has(channel)) return
          waiters.delete(look)
          resolve()
        }
        waiters.add(look)
        look()
      })
    },
    end(channel) {
      acksOf(channel).flush()
      this.forget(channel)
    },
    forget(channel) {
      acksOf(channel).end()
      for (const [delivery, each] of held) if (each.channel === channel) release(delivery, () => {})
    },
  }
}
