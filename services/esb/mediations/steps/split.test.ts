import { describe, expect, it } from 'vitest'
import { deliveriesOf, legible, mediationOf, messageOf, portsOf, toQueue } from '#test/gen/mediation.ts'

const split = (items: string, name = 's') => ({ kind: 'split', name, items }) as const
const BOTH = [toQueue('a'), toQueue('b')]

describe('a split', () => {
  it('goes on with each item, to each destination', async () => {
    const plan = await mediationOf([split('{% lines %}')], BOTH).plan(messageOf({ lines: [{ a: 1 }, 'x'] }), portsOf())
    const part = (index: number, to: number, body: string, contentType: string) => ({
      id: `m/default/orders/s/${index}/default/orders/to/${to}`,
      to: { kind: 'queue', queue: to === 0 ? 'a' : 'b' },
      ...{ body, contentType, headers: {} },
    })
    expect(legible(plan)).toEqual({
      outcome: 'deliver',
      deliveries: [
        part(0, 0, '{"a":1}', 'application/json'),
        part(0, 1, '{"a":1}', 'application/json'),
        part(1, 0, 'x', 'text/plain; charset=utf-8'),
        part(1, 1, 'x', 'text/plain; charset=utf-8'),
      ],
      trace: ['s: split it into 2'],
    })
  })

  it.each([
    { what: 'a single value as one', items: '{% lines[0] %}', gives: ['1'] },
    { what: 'lists in a list as lists', items: '{% pairs %}', gives: ['[1,2]', '[3]'] },
    { what: 'what an expression makes', items: '{% lines.[$, $ + 1] %}', gives: ['1', '2'] },
  ])('takes $what', async ({ items, gives }) => {
    const body = { lines: [1], pairs: [[1, 2], [3]] }
    const plan = await mediationOf([split(items)]).plan(messageOf(body), portsOf())
    expect(deliveriesOf(plan).map(({ body }) => body)).toEqual(gives)
  })

  it.each(['{% lines %}', '{% missing %}', '{% nothing %}'])('drops a message without items: %s', async (items) => {
    const plan = await mediationOf([split(items)]).plan(messageOf({ lines: [], nothing: null }), portsOf())
    expect(legible(plan)).toEqual({
      ...{ outcome: 'drop', reason: 'Filtered', step: 's' },
      trace: ['s: dropped it: there are no items'],
    })
  })

  it('may split parts again, and drop some of them', async () => {
    const steps = [
      split('{% $ %}', 'outer'),
      { kind: 'filter', name: 'f', when: '{% $count($) > 1 %}' } as const,
      split('{% $ %}', 'inner'),
    ]
    const plan = await mediationOf(steps).plan(messageOf([[1], [2, 3], [4, 5]]), portsOf())
    expect(legible(plan)).toMatchObject({
      deliveries: [
        { id: 'm/default/orders/outer/1/default/orders/inner/0/default/orders/to/0', body: '2' },
        { body: '3' },
        { body: '4' },
        { body: '5' },
      ],
      trace: [
        'outer: split it into 3',
        'f: 1 × dropped it: the condition is false; 2 × let it pass: the condition is true',
        'inner: 2 × split it into 2',
      ],
    })
  })

  it.each([
    { what: 'at once', body: Array.from({ length: 10_001 }, () => 0), steps: [split('{% $ %}')], step: 's' },
    {
      what: 'in steps',
      body: Array.from({ length: 101 }, () => Array.from({ length: 101 }, () => 0)),
      steps: [split('{% $ %}', 'outer'), split('{% $ %}', 'inner')],
      step: 'inner',
    },
  ])('makes no more than 10,000 parts $what', async ({ body, steps, step }) => {
    const plan = await mediationOf(steps).plan(messageOf(body), portsOf())
    expect(plan).toMatchObject({
      outcome: 'fail',
      failure: { class: 'Permanent', reason: 'TooLarge', message: 'One message makes more than 10000 parts', step },
    })
  })

  it('makes 10,000', async () => {
    const body = Array.from({ length: 10_000 }, (_none, index) => index)
    const deliveries = deliveriesOf(await mediationOf([split('{% $ %}')]).plan(messageOf(body), portsOf()))
    expect(deliveries.map(({ body }) => Number(body))).toEqual(body)
  })
})
