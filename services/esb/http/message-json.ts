import { Ajv } from 'ajv'
import type { Message } from '../mediations/message.ts'
import { bodyFault } from './body-fault.ts'
import { type Refusal, refusal } from './refusal.ts'
import { isJson, shownBody } from './shown.ts'

/** A whole message as JSON: what a look at a dead letter gives, a dry run takes. */
export const MESSAGE_TYPE = 'application/vnd.soaplane.message+json'

export function messageAsJson(message: Message, maxBodyBytes: number): Readonly<Record<string, unknown>> {
  const { body, ...rest } = message
  return { ...rest, bytes: body.length, ...shownBody(message, maxBodyBytes) }
}

interface MessageJson extends Partial<Omit<Message, 'body'>> {
  readonly body?: unknown
  readonly bodyBase64?: string
  readonly truncated?: boolean
}

const FIELDS = [
  ...(['id', 'exchange', 'key', 'type', 'correlationId', 'replyTo'] as const),
  ...(['contentType', 'contentEncoding', 'timestamp', 'headers'] as const),
]

const text = { type: 'string', maxLength: 255 }
const isMessage = new Ajv().compile<MessageJson>({
  type: 'object',
  properties: {
    ...{ id: text, exchange: text, key: text, type: text, correlationId: text, replyTo: text },
    ...{ contentType: text, contentEncoding: text, timestamp: { type: 'number' }, headers: { type: 'object' } },
    bodyBase64: { type: 'string' },
  },
})

/** The way back; what is left out is taken from `fallback`. */
export function messageFromJson(
  bytes: Buffer,
  fallback: Pick<Message, 'id' | 'exchange' | 'key'>,
): { readonly ok: true; readonly message: Message } | Refusal {
  const json = parsed(bytes)
  if (!isMessage(json)) return refusal(400, 'MessageInvalid', bodyFault(isMessage.errors))
  if (json.body !== undefined && json.bodyBase64 !== undefined)
    return refusal(400, 'MessageInvalid', 'Give body or bodyBase64, not both')
  if (json.truncated === true)
    return refusal(400, 'MessageInvalid', 'The message is cut: look at it by its id to get it whole')
  const { body, bodyBase64, contentType } = json
  const content = bodyBase64 === undefined ? bodyBytes(body, contentType) : Buffer.from(bodyBase64, 'base64')
  // What else a look tells of a letter, as why it is dead, is not of the message.
  const said = Object.fromEntries(FIELDS.flatMap((name) => (json[name] === undefined ? [] : [[name, json[name]]])))
  return { ok: true, message: { ...fallback, headers: {}, ...said, body: content } }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** A string is text, but where the type says JSON it is a value like any other. */
function bodyBytes(body: unknown, contentType: string | undefined): Buffer {
  if (body === undefined) return Buffer.alloc(0)
  if (typeof body === 'string' && !isJson(contentType)) return Buffer.from(body)
  return Buffer.from(JSON.stringify(body))
}
