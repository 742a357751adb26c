import type { Amqp, ConfirmChannel, ConsumeMessage, Leave } from '#lib/amqp.ts'
import { pause } from '#lib/kube/pause.ts'
import type { Handler } from './handle.ts'
import type { InHand } from './in-hand.ts'

export interface ConsumerOptions {
  readonly name: string
  readonly queue: string
  readonly prefetch: number
  /** Declares what is consumed; runs at every connect, and whenever the channel is lost. */
  readonly prepare: () => Promise<void>
  /** Runs before the first message of a channel: an owner that has just become one may have to catch up. */
  readonly takeOver: () => Promise<void>
  /** How long the broker may take to begin. */
  readonly patienceMs: number
  readonly handler: Handler
  readonly inHand: InHand
}

export interface Consumer {
  readonly unready: () => string | undefined
  /** Whether the broker has not answered in time: of a queue without a majority of its members it says nothing at all. */
  readonly isUnheard: () => boolean
  /** Whether it has nothing in hand. */
  readonly isIdle: () => boolean
  /** Takes no more, finishes what is in hand within a bounded time, leaves the rest to others. */
  readonly leave: () => Promise<void>
}

const FINISH_MS = 10_000

/** Feeds a handler from a queue, over a lane of its own. */
export function createConsumer(amqp: Pick<Amqp, 'onConnect'>, options: ConsumerOptions): Consumer {
  const { name, queue, prefetch, prepare, takeOver, handler, inHand, patienceMs } = options
  let unheard = false
  let current: ConfirmChannel | undefined

  function soon(channel: ConfirmChannel): () => void {
    const timer = setTimeout(() => {
      unheard = true
    }, patienceMs)
    const heard = () => {
      clearTimeout(timer)
      unheard = false
    }
    channel.once('close', heard)
    return heard
  }

  async function setup(channel: ConfirmChannel, { fail }: { readonly fail: (reason: string) => void }): Promise<Leave> {
    const over = new AbortController()
    current = channel
    channel.once('close', () => {
      over.abort()
      handler.abandon(over.signal)
      inHand.forget(channel)
    })
    const heard = soon(channel)
    await prepare()
    await channel.prefetch(prefetch)
    let tookOver: Promise<void> | undefined

    function onDelivery(delivery: ConsumeMessage | null): void {
      // The queue was deleted, or moved to another node: as good as a lost channel.
      if (delivery === null) {
        fail(`the broker cancelled the consumer of ${queue}`)
        return
      }
      const settling = inHand.take(channel, delivery, over.signal)
      tookOver ??= takeOver()
      tookOver.then(
        () => handler.handle(delivery, settling),
        (error) => fail(String(error)),
      )
    }

    const { consumerTag } = await channel.consume(queue, onDelivery)
    heard()
    return async () => {
      await channel.cancel(consumerTag)
      handler.abandon(over.signal)
      await Promise.race([inHand.empty(channel), pause(FINISH_MS, over.signal)])
      over.abort()
      inHand.end(channel)
    }
  }

  return {
    ...amqp.onConnect(name, setup, { apart: true }),
    isUnheard: () => unheard,
    isIdle: () => current === undefined || !inHand.has(current),
  }
}
