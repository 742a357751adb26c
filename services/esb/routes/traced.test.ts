import { describe, expect, it } from 'vitest'
import type { Delivery } from '../mediations/plan.ts'
import { traced } from './traced.ts'

const delivery = (headers: Delivery['headers']): Delivery => {
  return { id: '1', to: { kind: 'queue', queue: 'q' }, body: Buffer.from(''), headers }
}
const half = () => 0.5
const TRACE = '0af7651916cd43dd8448eb211c80319c'

describe('the trace of a delivery', () => {
  it('is that of its message, gone on by one hop', () => {
    const headers = { mine: 1, traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: 'a=1' }
    expect(traced(delivery(headers), half).headers).toEqual({
      ...{ mine: 1, traceparent: `00-${TRACE}-8000000080000000-01`, tracestate: 'a=1' },
    })
  })

  it.each([{}, { traceparent: 'nonsense' }, { traceparent: 7 }])('begins anew for a message with %j', (trace) => {
    expect(traced(delivery({ ...trace, tracestate: 'a=1' }), half).headers).toEqual({
      traceparent: `00-${'80000000'.repeat(4)}-8000000080000000-03`,
    })
  })

  it('goes to a service among the headers of the request', () => {
    const request = { service: 'd/s', serviceName: 's', method: 'POST', path: '/', timeoutMs: 1, headers: { a: 'b' } }
    const sent = traced(
      { ...delivery({ traceparent: `00-${TRACE}-b7ad6b7169203331-01` }), to: { kind: 'service', request } },
      half,
    )
    expect(sent.to).toMatchObject({ request: { headers: { a: 'b', traceparent: `00-${TRACE}-8000000080000000-01` } } })
  })
})
