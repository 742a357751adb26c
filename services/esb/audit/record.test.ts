import { expect, it } from 'vitest'
import { orderForAudit } from './record.ts'

it('writes an order down as it was given, and of many ids the first', () => {
  const ids = Array.from({ length: 150 }, (_none, index) => String(index))
  expect(orderForAudit<{ limit: number; ids?: string[] }>({ limit: 1 })).toEqual({ limit: 1 })
  expect(orderForAudit({ ids: ['a'] })).toEqual({ ids: ['a'] })
  expect(orderForAudit({ ids })).toEqual({ ids: ids.slice(0, 100), idsInAll: 150 })
})
