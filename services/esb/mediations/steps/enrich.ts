import { decode, type Encoded, encode } from '../body.ts'
import { made } from '../content.ts'
import { Halt } from '../failure.ts'
import { childId } from '../identity.ts'
import type { ServiceAnswer } from '../plan.ts'
import { compileRequest } from '../request.ts'
import type { Compile, Verdict, Workshop } from '../stage.ts'
import { compileBody } from '../template.ts'
import type { Work } from '../work.ts'

/** Calls for the parts of one message at once. */
const AT_ONCE = 16

type Ok = Extract<ServiceAnswer, { ok: true }>

/** Asks a service, and puts what it answers into the body. */
export const enrich: Compile<'enrich'> = ({ kind, name, call, body, into, value, onError }, workshop) => {
  const makeRequest = compileRequest(call, workshop)
  const makeBody = compileSent(body, call.method, workshop)
  const merged = value === undefined ? put(into) : evaluated(value, workshop)
  return {
    ...{ kind, name, atOnce: AT_ONCE },
    async run(work, ports): Promise<Verdict> {
      const idempotencyKey = childId(work.id, workshop.route, name)
      const answer = await ports.call(await makeRequest(work, { idempotencyKey, encoded: await makeBody(work) }))
      if (answer.ok) {
        const next = await merged(work, answer)
        const did = `took the answer ${answer.status} of ${call.serviceName}`
        return { outcome: 'next', did, work: { ...work, content: next } }
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

function put(field: string | undefined) {
  return ({ content }: Work, answer: Ok) => {
    const value = content.value()
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Halt('ExpressionFailed', `The body is no object that could take the field ${field}`)
    return made(content, field === undefined ? value : { ...value, [field]: answered(answer) ?? null })
  }
}

function evaluated(template: string, workshop: Workshop) {
  const value = compileBody(template, workshop)
  return async (work: Work, answer: Ok) => {
    const { status, headers } = answer
    return made(work.content, await value(work, { answer: { status, headers, body: answered(answer) } }))
  }
}

/** The answer as a value; an empty one has none. */
function answered({ body, headers }: Ok): unknown {
  if (body.length === 0) return undefined
  const contentType = headers['content-type']
  const decoded = decode({ body, ...(contentType !== undefined && { contentType }) })
  if (!decoded.ok) throw new Halt('ServiceFailed', `The answer cannot be read: ${decoded.why}`)
  return decoded.value
}
