import { describe, expect, it } from 'vitest'
import type { RouteStep, ServiceCall } from '#lib/model/esb.ts'
import { answerOf, deliveriesOf, legible, mediationOf, messageOf, portsOf } from '#test/gen/mediation.ts'
import type { Failure } from '../message.ts'
import type { ServiceAnswer, ServiceRequest } from '../plan.ts'

type Enrich = Extract<RouteStep, { kind: 'enrich' }>

const CALL: ServiceCall = {
  ...{ service: 'default/users', serviceName: 'Users', method: 'GET', path: '/users/{% user %}', timeoutMs: 500 },
  headers: [],
}
const enrich = (changes: Partial<Enrich>): Enrich => ({
  ...{ kind: 'enrich', name: 'who', call: CALL, onError: 'Fail' },
  ...changes,
})

async function run(step: Enrich, message: Parameters<typeof messageOf>, answer: ServiceAnswer) {
  const asked: ServiceRequest[] = []
  const call = async (request: ServiceRequest) => {
    asked.push(request)
    return answer
  }
  return { plan: await mediationOf([step]).plan(messageOf(...message), portsOf({ call })), asked }
}

describe('a call', () => {
  const base = { service: 'default/users', serviceName: 'Users', path: '/users/a%2Fb', timeoutMs: 500 }
  const key = { 'idempotency-key': 'm/default/orders/who' }
  const json = { 'content-type': 'application/json' }
  const post = { ...CALL, method: 'POST' } as const
  it.each([
    { what: 'a GET has no body', step: {}, gives: { ...base, method: 'GET', headers: {} } },
    {
      what: 'trace context goes along, no other header does',
      step: {},
      headers: { traceparent: 't', tracestate: 's', authorization: 'secret' },
      gives: { ...base, method: 'GET', headers: { traceparent: 't', tracestate: 's' } },
    },
    {
      what: 'a POST takes the message’s body',
      step: { call: post },
      gives: { ...base, method: 'POST', headers: { ...key, ...json }, body: '{"user":"a/b"}' },
    },
    {
      what: 'a body of its own may be JSON',
      step: { call: post, body: '{% { "id": user } %}' },
      gives: { ...base, method: 'POST', headers: { ...key, ...json }, body: '{"id":"a/b"}' },
    },
    {
      what: 'or text',
      step: { call: post, body: 'id={% user %}' },
      gives: {
        ...base,
        method: 'POST',
        headers: { ...key, 'content-type': 'text/plain; charset=utf-8' },
        body: 'id=a/b',
      },
    },
    {
      what: 'the author’s headers come last',
      step: {
        call: {
          ...post,
          headers: [
            { name: 'X-User', value: '{% user %}' },
            { name: 'Content-Type', value: 'application/vnd.user+json' },
          ],
        },
      },
      gives: {
        ...{ ...base, method: 'POST', body: '{"user":"a/b"}' },
        headers: { ...key, 'x-user': 'a/b', 'content-type': 'application/vnd.user+json' },
      },
    },
  ] as const)('$what', async ({ step, gives, ...rest }) => {
    const headers = 'headers' in rest ? rest.headers : {}
    const message = [{ user: 'a/b' }, { contentType: 'application/json', headers }] as const
    const { asked } = await run(enrich({ into: 'who', ...step }), [...message], answerOf({}))
    expect(asked.map(({ body, ...request }) => ({ ...request, ...(body && { body: body.toString() }) }))).toEqual([
      gives,
    ])
  })

  it('carries the data of an event without its envelope', async () => {
    const event = { specversion: '1.0', id: 'e', source: '/a', type: 'b', data: { user: 'a' } }
    const contentType = 'application/cloudevents+json'
    const { asked } = await run(enrich({ into: 'who', call: post }), [event, { contentType }], answerOf({}))
    expect(asked[0]?.headers['content-type']).toBe('application/json')
    expect(asked[0]?.body?.toString()).toBe('{"user":"a"}')
  })

  it('has an id in its header whatever characters the message’s id has', async () => {
    const { asked } = await run(enrich({ into: 'who', call: post }), [{ user: 1 }, { id: 'ü\n' }], answerOf({}))
    expect(asked[0]?.headers['idempotency-key']).toBe('%C3%BC%0A%2Fdefault%2Forders%2Fwho')
  })

  it('is not made with a header that no request may have', async () => {
    const headers = [{ name: 'X-User', value: '{% user %}' }]
    const { plan, asked } = await run(enrich({ call: { ...CALL, headers } }), [{ user: 'a\r\nb: c' }], answerOf({}))
    expect(asked).toEqual([])
    expect(plan).toMatchObject({
      failure: {
        reason: 'ExpressionFailed',
        message: 'Header X-User has characters that no header may have',
        step: 'who',
      },
    })
  })
})

describe('an answer', () => {
  it.each([
    {
      what: 'JSON goes into the field',
      step: { into: 'who' },
      answer: answerOf({ name: 'Ann' }),
      gives: { user: 1, who: { name: 'Ann' } },
    },
    {
      what: 'so does text',
      step: { into: 'who' },
      answer: answerOf('Ann', 'text/plain'),
      gives: { user: 1, who: 'Ann' },
    },
    {
      what: 'nothing is null',
      step: { into: 'who' },
      answer: answerOf('', 'text/plain', 204),
      gives: { user: 1, who: null },
    },
    { what: 'it takes the place of the field', step: { into: 'user' }, answer: answerOf(2), gives: { user: 2 } },
    {
      what: 'a field may have any name',
      step: { into: '__proto__' },
      answer: answerOf(2),
      gives: JSON.parse('{"user":1,"__proto__":2}'),
    },
    {
      what: 'an expression sees all of it',
      step: {
        value: '{% { "s": $answer.status, "t": $answer.headers.`content-type`, "n": $answer.body.name, "u": user } %}',
      },
      answer: answerOf({ name: 'Ann' }, 'application/json', 201),
      gives: { s: 201, t: 'application/json', n: 'Ann', u: 1 },
    },
  ])('$what', async ({ step, answer, gives }) => {
    const { plan } = await run(enrich(step), [{ user: 1 }], answer)
    expect(deliveriesOf(plan).map(({ body }) => body)).toEqual([JSON.stringify(gives)])
  })

  it('that is not what it says is none, for now', async () => {
    const { plan } = await run(enrich({ into: 'who' }), [{ user: 1 }], answerOf('oops'))
    const message = expect.stringMatching(/^The answer of Users cannot be read: The body is no JSON/)
    const failure = { class: 'Transient', reason: 'ServiceFailed', message, step: 'who' }
    expect(plan).toMatchObject({ outcome: 'fail', failure })
  })

  it('has no place in a body without fields', async () => {
    const { plan } = await run(enrich({ into: 'who', call: { ...CALL, path: '/' } }), [[{ user: 1 }]], answerOf({}))
    const message = 'The body is no object that could take the field who'
    const failure = { class: 'Permanent', reason: 'ExpressionFailed', message, step: 'who' }
    expect(plan).toMatchObject({ outcome: 'fail', failure })
  })
})

describe('a call that fails', () => {
  const failure: Failure = {
    class: 'Transient',
    reason: 'ServiceFailed',
    message: 'Users answered 503',
    retryAfterMs: 7,
  }
  it('fails the message as the service did', async () => {
    const { plan } = await run(enrich({ into: 'who' }), [{ user: 1 }], { ok: false, failure })
    expect(legible(plan)).toEqual({
      outcome: 'fail',
      failure: { ...failure, step: 'who' },
      trace: ['who: failed: Users answered 503'],
    })
  })
  it('is gone on without where the route says so', async () => {
    const { plan } = await run(enrich({ into: 'who', onError: 'Continue' }), [{ user: 1 }], { ok: false, failure })
    expect(legible(plan)).toMatchObject({
      deliveries: [{ body: '{"user":1}' }],
      trace: ['who: went on without an answer: Users answered 503'],
    })
  })
  it('by a fault of the bus is a fault', async () => {
    const call = async () => {
      throw new Error('a defect')
    }
    const plan = mediationOf([enrich({ into: 'who' })]).plan(messageOf({ user: 1 }), portsOf({ call }))
    await expect(plan).rejects.toThrow('a defect')
  })
})

describe('calls for the parts of one message', () => {
  const steps = [{ kind: 'split', name: 's', items: '{% $ %}' }, enrich({ into: 'who' })] as const
  const parts = Array.from({ length: 40 }, (_none, user) => ({ user }))

  it('are made a few at a time, each with its own key, and keep their order', async () => {
    const inHand: (() => void)[] = []
    const sizes: number[] = []
    const keys = new Set<string>()
    const call = async ({ path, headers }: ServiceRequest) => {
      keys.add(headers['idempotency-key'] ?? '')
      await new Promise<void>((answer) => inHand.push(answer))
      return answerOf(path, 'text/plain')
    }
    const post = enrich({ into: 'who', call: { ...CALL, method: 'POST' } })
    const planning = mediationOf([steps[0], post]).plan(messageOf(parts), portsOf({ call }))
    for (let begun = 0; sizes.reduce((sum, size) => sum + size, 0) < parts.length; begun = inHand.length) {
      await new Promise(setImmediate)
      if (inHand.length === 0 || inHand.length > begun) continue
      // No more begin: the last one is answered first.
      sizes.push(inHand.length)
      for (const answer of inHand.splice(0).reverse()) answer()
    }
    const who = deliveriesOf(await planning).map(({ body }) => JSON.parse(body).who)
    expect(who).toEqual(parts.map(({ user }) => `/users/${user}`))
    expect({ sizes, keys: keys.size }).toEqual({ sizes: [16, 16, 8], keys: 40 })
  })

  it('fail with the first part that fails, however long each takes', async () => {
    const call = async ({ path }: ServiceRequest): Promise<ServiceAnswer> => {
      const user = Number(path.split('/')[2])
      for (let turn = 0; turn < (user === 5 ? 200 : 1); turn++) await Promise.resolve()
      const failure: Failure = { class: 'Transient', reason: 'ServiceFailed', message: `${user}` }
      return user < 5 ? answerOf('a', 'text/plain') : { ok: false, failure }
    }
    const plan = await mediationOf(steps).plan(messageOf(parts), portsOf({ call }))
    expect(legible(plan)).toMatchObject({
      outcome: 'fail',
      failure: { message: '5', step: 'who' },
      trace: ['s: split it into 40', 'who: failed: 5'],
    })
  })
})
