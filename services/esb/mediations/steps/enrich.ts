import { decode, type Encoded, encode } from '../body.ts'
import { made } from '../content.ts'
import { Halt } from '../failure.ts'
import { childId } from '../identity.ts'
import type { Failure } from '../message.ts'
import type { ServiceAnswer } from '../plan.ts'
import { compileRequest } from '../request.ts'
import type { Compile, Verdict, Workshop } from '../stage.ts'
import { compileBody } from '../template.ts'
import type { Work } from '../work.ts'

/** Calls for the parts of one message at once. */
const AT_ONCE = 16

/** Asks a service, and puts what it answers into the body. */
export const enrich: Compile<'enrich'> = ({ kind, name, call, body, into, value, onError }, workshop) => {
  const makeRequest = compileRequest(call, workshop)
  const makeBody = compileSent(body, call.method, workshop)
  const merge = value === undefined ? put(into) : evaluated(value, workshop)
  return {
    ...{ kind, name, atOnce: AT_ONCE },
    async run(work, ports): Promise<Verdict> {
      const idempotencyKey = childId(work.id, workshop.route, name)
      const request = await makeRequest(work, { idempotencyKey, encoded: await makeBody(work) })
      const answer = read(await ports.call(request), call.serviceName)
      if (answer.ok) {
        const did = `took the answer ${answer.status} of ${call.serviceName}`
        return { outcome: 'next', did, work: { ...work, content: made(work.content, await merge(work, answer)) } }
      }
      const { failure } = answer
      if (onError === 'Fail') return { outcome: 'fail', failure, did: `failed: ${failure.message}` }
      return { outcome: 'next', work, did: `went on without an answer: ${failure.message}` }
    },
  }
}

type MakeBody = (work: Work) => Encoded | undefined | Promise<Encoded>

function compileSent(template: string | undefined, method: string, workshop: Workshop): MakeBody {
  if (template === undefined) return method === 'GET' ? () => undefined : ({ content }) => content.data()
  const body = compileBody(template, workshop)
  return async (work) => encode(await body(work))
}

interface Answer {
  readonly ok: true
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** None of an empty answer. */
  readonly value: unknown
}

/** An answer that is not what it says is none: the next try may get a better one. */
function read(answer: ServiceAnswer, serviceName: string): Answer | { readonly ok: false; readonly failure: Failure } {
  if (!answer.ok) return answer
  const { status, headers, body } = answer
  const contentType = headers['content-type']
  const decoded = decode({ body, ...(contentType !== undefined && { contentType }) })
  if (body.length === 0) return { ok: true, status, headers, value: undefined }
  if (decoded.ok) return { ok: true, status, headers, value: decoded.value }
  const message = `The answer of ${serviceName} cannot be read: ${decoded.why}`
  return { ok: false, failure: { class: 'Transient', reason: 'ServiceFailed', message } }
}

type Merge = (work: Work, answer: Answer) => unknown

function put(field = 'answer'): Merge {
  return ({ content }, { value }) => {
    const body = content.value()
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new Halt('ExpressionFailed', `The body is no object that could take the field ${field}`)
    return { ...body, [field]: value ?? null }
  }
}

function evaluated(template: string, workshop: Workshop): Merge {
  const body = compileBody(template, workshop)
  return (work, { status, headers, value }) => body(work, { answer: { status, headers, body: value } })
}
