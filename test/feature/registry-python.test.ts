import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import { type Python, pythonWithRequests } from '#test/kit/registry-python.ts'

let bed: RegistryBed
let python: Python
beforeAll(async () => {
  python = await pythonWithRequests()
  bed = await registryBed()
}, 300_000)
afterAll(() => bed?.stop())

it('a plain Python client registers and discovers as DESIGN §1 rows 2 and 8 say', async () => {
  const printed = await python.run(join(import.meta.dirname, 'registry-python.py'), bed.registry().url)
  expect(
    printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    [201, { message: 'Service ServiceA registered successfully' }],
    [201, { message: 'Service ServiceB registered successfully' }],
    [400, { error: 'Invalid service registration data' }],
    [400, { error: 'Invalid service registration data' }],
    [400, { error: 'Invalid service registration data' }],
    [200, { service_url: 'http://localhost:5001' }],
    [200, { service_url: 'http://localhost:5002' }],
    [404, { error: 'Service ServiceX not found' }],
    [201, { message: 'Service ServiceA registered successfully' }],
    [200, { service_url: 'http://localhost:6001' }],
    [200, { message: 'Service ServiceA deregistered successfully' }],
    [404, { error: 'Service ServiceA not found' }],
    ['ServiceB'],
  ])
})
