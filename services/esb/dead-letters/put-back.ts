import type { ConfirmChannel } from '#lib/amqp.ts'

/** A letter in hand, not settled yet. */
export type Got = Exclude<Awaited<ReturnType<ConfirmChannel['get']>>, false>
/** The part of a channel that letters are taken by. */
export interface LetterChannel {
  readonly checkQueue: (queue: string) => Promise<{ readonly messageCount: number }>
  readonly get: (queue: string) => Promise<Got | false>
  readonly ack: (letter: Got) => void
  readonly nack: (letter: Got, allUpTo: boolean, requeue: boolean) => void
}

const LOOK_MS = 5
const PATIENCE_LOOKS = 400

/**
 * Gives letters back to their queue, and waits until they lie there: a quorum queue takes them back some time after it was
 * told to, and whoever looks next would miss them. One by one, since some dozens so keep their order, which they lose when
 * they go back at once. Of more the broker keeps none.
 */
export async function putBack(channel: LetterChannel, queue: string, letters: readonly Got[]): Promise<void> {
  const inOrder = [...letters].sort((a, b) => a.fields.deliveryTag - b.fields.deliveryTag)
  try {
    for (const letter of inOrder) channel.nack(letter, false, true)
    for (let looks = 0; looks < PATIENCE_LOOKS; looks++) {
      if ((await channel.checkQueue(queue)).messageCount >= letters.length) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  } catch {
    // The channel is gone, and by that they are back.
  }
}

/** A letter without its body: thousands may be held. */
export function bare({ fields, properties }: Got): Got {
  return { fields, properties, content: Buffer.alloc(0) }
}
