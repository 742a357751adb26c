import { expect, it } from 'vitest'
import type { Plan } from '../mediations/plan.ts'
import { planAsJson } from './plan-json.ts'

const trace = [{ step: 'big', kind: 'filter', seconds: 0.0012345, did: 'passed', value: { a: 1 } }]
const steps = [{ step: 'big', kind: 'filter', did: 'passed', milliseconds: 1.235, value: { a: 1 } }]
const failure = { class: 'Transient', reason: 'ServiceFailed', message: 'broken', step: 'ask' } as const

it.each<{ when: string; plan: Plan; gives: object }>([
  {
    when: 'it is delivered',
    plan: {
      ...{ outcome: 'deliver', trace, remember: { key: 'k', windowMs: 5 } },
      deliveries: [
        {
          ...{ id: 'm/1', to: { kind: 'queue', queue: 'q' }, headers: { a: 1 }, contentType: 'application/json' },
          body: Buffer.from('{"b":2}'),
          tap: 'watch',
        },
        {
          ...{ id: 'm/2', headers: {}, body: Buffer.from([255]) },
          to: {
            kind: 'service',
            request: {
              ...{ service: 'default/a', serviceName: 'A', method: 'POST', path: '/p', timeoutMs: 1 },
              headers: { 'idempotency-key': 'm/2' },
            },
          },
        },
      ],
    },
    gives: {
      steps,
      outcome: 'Deliver',
      remember: { key: 'k', windowMs: 5 },
      deliveries: [
        {
          ...{ id: 'm/1', to: { kind: 'queue', queue: 'q' }, headers: { a: 1 }, contentType: 'application/json' },
          ...{ body: { b: 2 }, tap: 'watch' },
        },
        {
          ...{ id: 'm/2', headers: {}, bodyBase64: '/w==' },
          to: { kind: 'service', service: 'A', method: 'POST', path: '/p', headers: { 'idempotency-key': 'm/2' } },
        },
      ],
    },
  },
  {
    when: 'it is dropped',
    plan: { outcome: 'drop', reason: 'Filtered', step: 'big', trace },
    gives: { steps, outcome: 'Drop', reason: 'Filtered', step: 'big' },
  },
  {
    when: 'it fails',
    plan: { outcome: 'fail', failure, trace },
    gives: {
      ...{ steps, outcome: 'Fail' },
      failure: { reason: 'ServiceFailed', message: 'broken', step: 'ask', retried: true },
    },
  },
])('tells of a message when $when', ({ plan, gives }) => expect(planAsJson(plan, false)).toEqual(gives))

it('does not call a failure what hangs on a service that was not called', () => {
  const plan = { outcome: 'fail', failure, trace } as const
  expect(planAsJson(plan, true)).toEqual({ steps, outcome: 'Unknown', detail: 'broken', step: 'ask' })
})
