import { describe, expect, it } from 'vitest'
import { VALUE_SETS, valuesOf } from '#test/kit/chart.ts'
import { CHART, helm } from '#test/kit/helm.ts'

describe('helm lint --strict has nothing to say', () => {
  it.each(VALUE_SETS)('of %s', async (set) => {
    const outcome = await helm(['lint', '--strict', '--quiet', CHART, '--values', valuesOf(set)])
    expect(outcome).toEqual({ ok: true, output: '' })
  })
})
