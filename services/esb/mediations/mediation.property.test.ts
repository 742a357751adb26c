import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RouteStep } from '#lib/model/esb.ts'
import { answerOf, mediationOf, messageOf, portsOf, toQueue } from '#test/gen/mediation.ts'
import { MAX_SHORT_BYTES } from './identity.ts'
import type { Message } from './message.ts'
import type { Delivery, Plan, ServiceRequest } from './plan.ts'

type Body = Omit<RouteStep, 'name'>

// Any order of them; those that hold or remember messages have their place by admission, and rows of their own.
const steps: fc.Arbitrary<readonly RouteStep[]> = fc
  .array(
    fc.oneof(
      fc.constantFrom('{% true %}', '{% false %}', '{% $count($) > 1 %}').map((when) => ({ kind: 'filter', when })),
      fc.constant({ kind: 'validate', schema: { type: ['object', 'array', 'number', 'string'] } }),
      fc
        .constantFrom('{% { "of": $ } %}', 'text {% $message.id %}', '{% [1, 2, 3] %}')
        .map((value) => ({ kind: 'transform', value })),
      fc.constant({ kind: 'split', items: '{% $ %}' }),
      fc.constant({ kind: 'wireTap', to: toQueue('soa.tap') }),
      fc.constant({ kind: 'throttle', limit: 1, periodMs: 1_000 }),
      fc.constant({
        ...{ kind: 'enrich', value: '{% [$answer.body, $] %}', onError: 'Continue' },
        call: { service: 'a/b', serviceName: 'b', method: 'POST', path: '/', timeoutMs: 1, headers: [] },
      }),
      fc.constantFrom('First' as const, 'All' as const).map((match) => ({
        ...{ kind: 'route', match },
        cases: [
          { when: '{% $count($) > 2 %}', to: [toQueue('many')] },
          { when: '{% of %}', to: [toQueue('x'), toQueue('y')] },
        ],
      })),
    ) as fc.Arbitrary<Body>,
    { maxLength: 6 },
  )
  .map((bodies) => bodies.map((body, index) => ({ ...body, name: `${body.kind}-${index}` }) as RouteStep))

const headers = fc.dictionary(
  fc.oneof(
    fc.constantFrom(
      'x-death',
      'x-first-death-queue',
      'x-last-death-reason',
      'x-delivery-count',
      'CC',
      'BCC',
      'soa-hops',
      'soa-a',
    ),
    fc.constantFrom('traceparent', 'mine'),
    fc.string(),
  ),
  fc.string(),
)
const FORBIDDEN = /^(x-death|x-first-death.*|x-last-death.*|x-delivery-count|cc|bcc|soa-.*)$/i

const EVENT = { specversion: '1.0', id: 'e', source: '/a', type: 'b' }
const messages: fc.Arbitrary<Message> = fc
  .record({
    id: fc.string({ maxLength: 200 }),
    body: fc.oneof(
      fc.json(),
      fc.string(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ),
    contentType: fc.constantFrom(
      undefined,
      'application/json',
      'text/plain',
      'image/png',
      'application/cloudevents+json',
    ),
    headers,
  })
  .map(({ id, body, contentType, headers }) => {
    const isEvent = contentType === 'application/cloudevents+json'
    const content = isEvent ? { ...EVENT, data: body.toString() } : body
    return messageOf(content, { id, headers, ...(contentType !== undefined && { contentType }) })
  })

// A service whose answers are a matter of the question alone.
const call = async ({ headers }: ServiceRequest) =>
  (headers['idempotency-key']?.length ?? 0) % 2 === 0
    ? answerOf([1, 2])
    : ({ ok: false, failure: { class: 'Transient', reason: 'ServiceTimeout', message: 'late' } } as const)
const ports = portsOf({ call })

const destinations = fc
  .integer({ min: 1, max: 3 })
  .map((count) => Array.from({ length: count }, (_none, i) => toQueue(`q${i}`)))

const deliveriesIn = (plan: Plan): readonly Delivery[] => (plan.outcome === 'deliver' ? plan.deliveries : [])

/** Of whatever steps and message. */
function holds(
  promise: string,
  check: (
    plan: Plan,
    message: Message,
    steps: readonly RouteStep[],
    again: () => Promise<Plan>,
  ) => void | Promise<void>,
) {
  it(promise, () =>
    fc.assert(
      fc.asyncProperty(steps, messages, destinations, async (steps, message, to) => {
        const again = () => mediationOf(steps, to).plan(message, ports)
        await check(await again(), message, steps, again)
      }),
    ),
  )
}

describe('a plan of any steps for any message', () => {
  holds('is the same when it is made again', async (plan, _message, _steps, again) =>
    expect(await again()).toEqual(plan),
  )

  holds('gives every delivery an id of its own that AMQP can carry', (plan) => {
    const ids = deliveriesIn(plan).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(Buffer.byteLength(id)).toBeLessThanOrEqual(MAX_SHORT_BYTES)
  })

  holds('lets no header of the broker or the bus out', (plan) => {
    const names = deliveriesIn(plan).flatMap((delivery) => Object.keys(delivery.headers))
    expect(names.filter((name) => FORBIDDEN.test(name))).toEqual([])
  })

  holds('traces the steps it took, in their order', ({ trace }, _message, steps) =>
    expect(trace.map(({ step }) => step)).toEqual(steps.slice(0, trace.length).map(({ name }) => name)),
  )

  holds('keeps the very bytes where no step makes others', (plan, message, steps) => {
    if (steps.some(({ kind }) => kind === 'transform' || kind === 'split' || kind === 'enrich')) return
    for (const { body } of deliveriesIn(plan)) expect(body).toBe(message.body)
  })

  holds(
    'ends with the first filter that is always false, but for cases and copies before it',
    (plan, _message, steps) => {
      const at = steps.findIndex((step) => step.kind === 'filter' && step.when === '{% false %}')
      if (at < 0) return
      const before = new Set(steps.slice(0, at).map(({ name }) => name))
      for (const { id } of deliveriesIn(plan)) {
        const [step = ''] = (id.split('/').at(-2) ?? '').split('.')
        expect(before).toContain(step)
      }
    },
  )

  it('leaves the message as it was', () =>
    fc.assert(
      fc.asyncProperty(steps, messages, async (steps, message) => {
        const body = Buffer.from(message.body)
        const frozen = deepFreeze({ ...message })
        await mediationOf(steps).plan(frozen, ports)
        expect(message.body.equals(body)).toBe(true)
      }),
    ))
})

describe('the number of deliveries', () => {
  it('is parts times destinations, and the copies', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer(), { minLength: 2, maxLength: 5 }), { minLength: 2, maxLength: 8 }),
        destinations,
        async (lists, to) => {
          const steps: readonly RouteStep[] = [
            { kind: 'split', name: 'outer', items: '{% $ %}' },
            { kind: 'wireTap', name: 'watch', to: toQueue('soa.tap') },
            { kind: 'split', name: 'inner', items: '{% $ %}' },
          ]
          const deliveries = deliveriesIn(await mediationOf(steps, to).plan(messageOf(lists), ports))
          expect(deliveries.filter(({ tap }) => tap === 'watch')).toHaveLength(lists.length)
          expect(deliveries).toHaveLength(lists.length + lists.flat().length * to.length)
        },
      ),
    ))
})

describe('the cases of a route', () => {
  const conditions = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })
  const queuesFor = async (match: 'First' | 'All', truths: readonly boolean[]) => {
    const cases = truths.map((truth, index) => ({ when: `{% ${truth} %}`, to: [toQueue(String(index))] }))
    const plan = await mediationOf([{ kind: 'route', name: 'r', match, cases }]).plan(messageOf('a'), ports)
    return deliveriesIn(plan).map(({ to }) => (to.kind === 'queue' ? to.queue : ''))
  }
  const indexesOf = (truths: readonly boolean[]) => [...truths.keys()].filter((index) => truths[index]).map(String)

  it('give the first that is true, and no other', () =>
    fc.assert(
      fc.asyncProperty(conditions, async (truths) => {
        const [first = 'out'] = indexesOf(truths)
        expect(await queuesFor('First', truths)).toEqual([first])
      }),
    ))

  it('give all that are true', () =>
    fc.assert(
      fc.asyncProperty(conditions, async (truths) => {
        const all = indexesOf(truths)
        expect(await queuesFor('All', truths)).toEqual(all.length === 0 ? ['out'] : all)
      }),
    ))
})

// Bytes cannot be frozen: they are compared instead.
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
