import { expect, it } from 'vitest'
import { askedIn } from './promql.ts'

it.each([
  { expr: 'up', asks: { up: [] } },
  { expr: 'max(up) == 0', asks: { up: [] } },
  { expr: 'up{job="a b",env!~"x(y)"} > 1e3', asks: { up: ['job', 'env'] } },
  { expr: 'sum by (a, b) (rate(x_total{c=~"5.."}[5m]))', asks: { x_total: ['a', 'b', 'c'] } },
  {
    expr: 'sum by (le) (rate(x_bucket[$__rate_interval])) / on (le) y unless z offset 5m',
    asks: { x_bucket: ['le'], y: ['le'], z: ['le'] },
  },
])('$expr asks for its metrics and labels', ({ expr, asks }) => {
  expect(Object.fromEntries([...askedIn(expr)].map(([name, labels]) => [name, [...labels]]))).toEqual(asks)
})
