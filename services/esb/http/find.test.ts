import { describe, expect, it } from 'vitest'
import { runningRoute, runningRoutes } from '#test/gen/running-route.ts'
import { findRoute, routeAt } from './find.ts'

const running = runningRoutes(
  runningRoute({ object: 'orders' }),
  runningRoute({ namespace: 'shop', object: 'orders' }),
  runningRoute({ namespace: 'shop', object: 'returns' }),
  runningRoute({ namespace: 'shop', object: 'bills' }),
  runningRoute({ namespace: 'bank', object: 'bills' }),
)

describe('a route by its name', () => {
  it.each([
    { name: 'orders', namespace: undefined, gives: 'default/orders', where: 'the default namespace first' },
    { name: 'orders', namespace: 'shop', gives: 'shop/orders', where: 'the namespace asked for' },
    { name: 'returns', namespace: undefined, gives: 'shop/returns', where: 'the only one that has it' },
  ])('is found in $where', ({ name, namespace, gives }) => {
    const found = findRoute(running, name, namespace, 'default')
    expect(found.ok && found.route.key).toBe(gives)
  })

  it('is not guessed where a namespace is asked for', () => {
    expect(findRoute(running, 'returns', 'bank', 'default')).toEqual({
      ...{ ok: false, status: 404, reason: 'RouteNotFound' },
      detail: 'There is no route returns',
    })
  })

  it('is not chosen among several', () => {
    expect(findRoute(running, 'bills', undefined, 'default')).toEqual({
      ...{ ok: false, status: 409, reason: 'RouteAmbiguous' },
      detail: 'Route bills is in several namespaces: bank, shop; ask with ?namespace=',
    })
  })
})

it('finds a route by its whole name alone', () => {
  const found = routeAt(running, 'shop', 'returns')
  expect(found.ok && found.route.key).toBe('shop/returns')
  expect(routeAt(running, 'default', 'returns')).toMatchObject({ ok: false, status: 404 })
})
