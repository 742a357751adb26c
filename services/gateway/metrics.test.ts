import { expect, it } from 'vitest'
import { createMetrics } from '#lib/metrics.ts'
import { gatewayMetrics } from './metrics.ts'

it('counts requests by service, status and who answered, and forgets a service whole', async () => {
  const metrics = createMetrics({ process: false })
  const measured = gatewayMetrics(metrics, {
    connections: () => 3,
    tunnels: () => 2,
    origins: () => 1,
    routes: () => 4,
  })
  const series = async () =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('soa_gateway_requests_total'))
  measured.over('d/a', 200, false, 0.01)
  measured.over('d/a', 200, false, 0.01)
  measured.over('d/a', 429, true, 0.01)
  measured.refused('InvalidPath', 400)
  expect(await series()).toEqual([
    'soa_gateway_requests_total{service="d/a",code="200",source="upstream"} 2',
    'soa_gateway_requests_total{service="d/a",code="429",source="gateway"} 1',
    'soa_gateway_requests_total{service="",code="400",source="gateway"} 1',
  ])
  measured.over('d/a', 200, false, 0.01)
  expect((await series())[0]).toBe('soa_gateway_requests_total{service="d/a",code="200",source="upstream"} 3')
  measured.forget('d/a')
  expect(await series()).toEqual(['soa_gateway_requests_total{service="",code="400",source="gateway"} 1'])
  const text = await metrics.text()
  for (const line of [
    'soa_gateway_connections 3',
    'soa_gateway_tunnels 2',
    'soa_gateway_origins 1',
    'soa_gateway_routes 4',
  ])
    expect(text).toContain(line)
  expect(text).toContain('soa_gateway_refusals_total{reason="InvalidPath"} 1')
})
