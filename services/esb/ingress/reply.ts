import type { ConsumeMessage } from '#lib/amqp.ts'
import type { Response } from '#lib/http.ts'
import { ERROR_MESSAGE, ERROR_REASON, ERROR_STEP, OUTCOME } from '../envelope/headers.ts'
import { type Refusal, refusal, refuse } from '../http/refusal.ts'
import { headersToHttp } from './events.ts'

/** Which message was asked with. */
interface Asked {
  readonly id: string
  readonly route: string
}

/** Gives a reply as it came; the bus's own, which tells of a dead letter, as a problem. */
export function answerReply(response: Response, { properties, content }: ConsumeMessage, of: Asked): void {
  const headers = (properties.headers ?? {}) as Readonly<Record<string, unknown>>
  if (headers[OUTCOME] === 'dead') return void refuse(response, deadLetter(headers, of))
  const { contentType, contentEncoding } = properties
  response.status(200)
  for (const [name, value] of Object.entries(headersToHttp(headers))) response.setHeader(name, value as string)
  if (contentType !== undefined) setIfLegal(response, 'Content-Type', contentType)
  if (contentEncoding !== undefined) setIfLegal(response, 'Content-Encoding', contentEncoding)
  // What a replier calls its answer must not be guessed anew by a browser.
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.end(content)
}

function deadLetter(headers: Readonly<Record<string, unknown>>, of: Asked): Refusal {
  const { [ERROR_REASON]: reason, [ERROR_MESSAGE]: message, [ERROR_STEP]: step } = headers
  return refusal(422, String(reason), String(message ?? ''), { ...of, ...(step !== undefined && { step }) })
}

// A property of AMQP may hold any bytes; one that HTTP cannot say is left out rather than the reply lost.
function setIfLegal(response: Response, name: string, value: string): void {
  if (/^[\x20-\x7e]+$/.test(value)) response.setHeader(name, value)
}
