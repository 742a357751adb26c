import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { objectOf } from '#test/gen/objects.ts'
import {
  type EndpointSlice,
  keyOf,
  type MessageRouteObject,
  type PolicyObject,
  type ServiceObject,
} from '../api/objects.ts'
import { nextStatus } from '../status/next.ts'
import type { World } from '../watch/source.ts'
import { translate } from './translate.ts'

// Each pair: `<case>.in.yaml`, a world; `<case>.out.yaml`, the model and the statuses once two replicas serve all of it.
// UPDATE_GOLDEN=1 writes the second anew: read the difference before you commit it.
const directory = join(import.meta.dirname, '../../test/golden/translate')
const cases = readdirSync(directory)
  .filter((name) => name.endsWith('.in.yaml'))
  .map((name) => name.replace('.in.yaml', ''))

describe('a world becomes a model and statuses', () => {
  it.each(cases)('%s', (name) => {
    const text = readFileSync(join(directory, `${name}.in.yaml`), 'utf8')
    const about = text
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .join('\n')
    const actual = `${about}\n${stringify(outcomeOf(worldOf(text)), { lineWidth: 0, aliasDuplicateObjects: false })}`
    const file = join(directory, `${name}.out.yaml`)
    if (process.env.UPDATE_GOLDEN === '1' || !existsSync(file)) {
      if (process.env.CI) throw new Error(`${file} is missing`)
      writeFileSync(file, actual)
    }
    expect(actual).toBe(readFileSync(file, 'utf8'))
  })

  it('there are cases', () => expect(cases.length).toBeGreaterThan(10))
})

function worldOf(text: string): World {
  const services = new Map<string, ServiceObject>()
  const policies = new Map<string, PolicyObject>()
  const messageRoutes = new Map<string, MessageRouteObject>()
  const endpointSlices = new Map<string, EndpointSlice>()
  for (const document of [parseAllDocuments(text)].flat()) {
    const value = document.toJS() as {
      kind: 'Service' | 'Policy' | 'MessageRoute' | 'EndpointSlice'
      metadata: { name: string } & Record<string, unknown>
      spec: unknown
    }
    if (value.kind === 'EndpointSlice') endpointSlices.set(value.metadata.name, value as unknown as EndpointSlice)
    else {
      const metadata = { creationTimestamp: '2026-01-01T00:00:00Z', ...value.metadata }
      const object = objectOf(value.kind, { ...value, metadata })
      if (object.kind === 'Service') services.set(keyOf(object), object)
      else if (object.kind === 'MessageRoute') messageRoutes.set(keyOf(object), object)
      else policies.set(keyOf(object), object)
    }
  }
  return { services, policies, messageRoutes, endpointSlices }
}

function outcomeOf(world: World): object {
  const { model, verdicts } = translate(world)
  const reach = { acked: 2, total: 2, without: [], settling: false, shrinking: false }
  return {
    model: Object.fromEntries(Object.entries(model).map(([slice, items]) => [slice, Object.fromEntries(items)])),
    statuses: Object.fromEntries(
      [...verdicts].map(([key, verdict]) => [
        key,
        nextStatus(
          verdict,
          (items) => (items.length > 0 ? reach : { ...reach, acked: 0, total: 0 }),
          '2026-01-02T00:00:00Z',
        ),
      ]),
    ),
  }
}
