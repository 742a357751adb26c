/** What acknowledges by tag; amqplib's channel is one. */
export interface AckChannel {
  readonly ack: (delivery: { readonly fields: { readonly deliveryTag: number } }, allUpTo?: boolean) => void
}

/** Acknowledgements of one channel, gathered within a turn of the event loop. */
export interface Acks {
  readonly add: (tag: number) => void
  /** Sends what is gathered now. */
  readonly flush: () => void
  /** The channel is no more, or about to close: nothing is sent on it any longer. */
  readonly end: () => void
}

/**
 * Tags of a channel count from 1 (AMQP 0-9-1 §1.8.3.13). Those that follow the last one without a gap go in one frame, as
 * `multiple`; one behind a gap goes alone, since what is in the gap is still in hand. Fewer frames for the socket, and fewer
 * commands for a quorum queue to write.
 */
export function createAcks(channel: AckChannel, soon: (work: () => void) => void = setImmediate): Acks {
  /** The highest tag up to which everything is acknowledged. */
  let through = 0
  const gathered = new Set<number>()
  const ahead = new Set<number>()
  let isScheduled = false
  let isOver = false

  function flush(): void {
    isScheduled = false
    if (isOver) return
    let upTo = through
    let newest = through
    for (let isNext = true; isNext; ) {
      const isFresh = gathered.delete(upTo + 1)
      isNext = isFresh || ahead.delete(upTo + 1)
      if (isNext) upTo += 1
      if (isFresh) newest = upTo
    }
    // Not one that went ahead: over a tag that is settled the broker closes the channel, `multiple` or not.
    if (newest > through) channel.ack(named(newest), true)
    through = upTo
    for (const tag of gathered) {
      channel.ack(named(tag))
      ahead.add(tag)
    }
    gathered.clear()
  }

  return {
    add(tag) {
      gathered.add(tag)
      if (isScheduled) return
      isScheduled = true
      soon(flush)
    },
    flush,
    end() {
      isOver = true
    },
  }
}

function named(deliveryTag: number): Parameters<AckChannel['ack']>[0] {
  return { fields: { deliveryTag } }
}
