import type { Content } from './content.ts'
import type { Message } from './message.ts'

/** One message on its way through the steps; a step that changes something makes another. */
export interface Work {
  /** Of the message, or of the part of it that a split made. */
  readonly id: string
  /** As received; of a part, the whole it came from. */
  readonly message: Message
  readonly attempt: number
  readonly content: Content
}

/** What expressions see beside `$`. */
export function bindingsOf(work: Work): Readonly<Record<string, unknown>> {
  const { message, attempt, content } = work
  return { headers: message.headers, message: propertiesOf(work), event: content.event(), attempt }
}

/** What `$message` is. */
export function propertiesOf({ id, message, content }: Work): Readonly<Record<string, unknown>> {
  const { type, correlationId, exchange, key, timestamp } = message
  return { id, type, correlationId, contentType: content.contentType, exchange, key, timestamp }
}
