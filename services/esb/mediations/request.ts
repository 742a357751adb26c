import { ExpressionError } from '#lib/expression.ts'
import type { ServiceCall } from '#lib/model/esb.ts'
import { type Encoded, isEncoded } from './body.ts'
import { compilePath } from './path.ts'
import type { ServiceRequest } from './plan.ts'
import type { Workshop } from './stage.ts'
import { compileText } from './template.ts'
import type { Work } from './work.ts'

/** What a call is made of beside its templates. */
export interface Sent {
  /** The same at every try, for receivers that can tell copies by it. */
  readonly idempotencyKey: string
  /** None for GET. */
  readonly encoded?: Encoded | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export type MakeRequest = (work: Work, sent: Sent) => Promise<ServiceRequest>

// RFC 9110 §5.5, as far as every server takes it.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const PRINTABLE = /^[\x20-\x7e]*$/

/** The call of a service: trace context goes along, headers of the message do not unless the author names them. */
export function compileRequest({ path, headers, ...call }: ServiceCall, workshop: Workshop): MakeRequest {
  const { service, serviceName, method, timeoutMs } = call
  const makePath = compilePath(path, workshop)
  const makeHeaders = headers.map(({ name, value }) => {
    const what = `Header ${name}`
    return [
      name.toLowerCase(),
      compileText(value, { what, finish: (text) => fieldValue(text, what) }, workshop),
    ] as const
  })
  return async function request(work, { idempotencyKey, encoded, headers: more }) {
    const fields: Record<string, string> = { ...more, ...busHeaders(method, work, idempotencyKey, encoded) }
    for (const [name, value] of makeHeaders) fields[name] = await value(work)
    const body = encoded && method !== 'GET' ? { body: encoded.body } : {}
    return { service, serviceName, method, path: await makePath(work), headers: fields, timeoutMs, ...body }
  }
}

function busHeaders(
  method: ServiceCall['method'],
  { message }: Work,
  idempotencyKey: string,
  encoded: Encoded | undefined,
): Readonly<Record<string, string>> {
  const { traceparent, tracestate } = message.headers
  const isRead = method === 'GET'
  return {
    ...(!isRead && { 'idempotency-key': inHeader(idempotencyKey) }),
    ...(!isRead && encoded?.contentType !== undefined && { 'content-type': encoded.contentType }),
    ...(!isRead && encoded && isEncoded(encoded.contentEncoding) && { 'content-encoding': encoded.contentEncoding }),
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof tracestate === 'string' && { tracestate }),
  }
}

// An id may have any characters, a header may not.
function inHeader(id: string): string {
  return PRINTABLE.test(id) ? id : encodeURIComponent(id.toWellFormed())
}

function fieldValue(value: string, what: string): string {
  if (FIELD_VALUE.test(value)) return value
  throw new ExpressionError('Failed', `${what} has characters that no header may have`)
}
