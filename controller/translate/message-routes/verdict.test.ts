import { expect, it } from 'vitest'
import { deadLetterQueue, routeQueue, SEED_EXCHANGE, TAP } from '#services/esb/topology/names.ts'
import { messageRouteOf } from '#test/gen/objects.ts'
import { translate } from '../translate.ts'

// The controller and the bus stand alone; that they speak of the same things is held here.
it.each([
  { what: 'a route that many read', step: { wireTap: {} }, oneOwner: false },
  { what: 'a route with one owner', step: { dedupe: { key: '{% id %}' } }, oneOwner: true },
])('names of $what are those of the bus', ({ step, oneOwner }) => {
  const object = messageRouteOf('a.b', { from: { keys: ['k'] }, steps: [step], to: [{ queue: { name: 'q' } }] })
  const { model, verdicts } = translate({
    services: new Map(),
    policies: new Map(),
    messageRoutes: new Map([['default/a.b', object]]),
    endpointSlices: new Map(),
  })
  expect(verdicts.get('MessageRoute/default/a.b')?.detail).toEqual({
    kind: 'MessageRoute',
    queue: routeQueue('default/a.b', oneOwner),
    deadLetterQueue: deadLetterQueue('default/a.b'),
  })
  expect(model.esb.get('default/a.b')?.source?.exchange).toBe(SEED_EXCHANGE)
  if (!oneOwner) expect(model.esb.get('default/a.b')?.steps).toMatchObject([{ to: { kind: 'queue', queue: TAP } }])
})
