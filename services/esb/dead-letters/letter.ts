import { createHash } from 'node:crypto'
import { type Raw, type Received, readMessage } from '../envelope/read.ts'
import { messageAsJson } from '../http/message-json.ts'

/** A message that lies where nobody takes it, as operators and their filters see it. */
export type Letter = Readonly<Record<string, unknown>> & { readonly id: string }

/** `maxBodyBytes`: what is over it is cut. */
export function letterOf(raw: Raw, maxBodyBytes: number): Letter {
  const { message, passage, error } = received(raw)
  return {
    ...messageAsJson(message, maxBodyBytes),
    id: message.id,
    ...(error ?? { reason: 'Unroutable', message: 'Nothing takes messages of this exchange and key' }),
    attempts: passage.attempt,
    replays: passage.replays,
    history: passage.history,
  }
}

/** A message that came without an id gets one of what it says: the same at each look. */
export function received(raw: Raw): Received {
  return readMessage(raw, () => idOf(raw))
}

function idOf({ fields, content }: Raw): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([fields.exchange, fields.routingKey]))
    .update(content)
  return `sha256-${hash.digest('hex').slice(0, 32)}`
}
