import { expect, it } from 'vitest'
import type { ServiceHealth } from '#lib/model/health.ts'
import type { View } from '../directory/view.ts'
import { changeFrame, changesByName, snapshotFrame } from './frames.ts'

const service = (key: string, name: string): ServiceHealth => {
  return { key, namespace: 'd', name, endpointsRev: 'r', endpoints: [] }
}

function viewOf(...services: readonly ServiceHealth[]): View {
  const keysByName = new Map<string, string[]>()
  for (const { name, key } of services) keysByName.set(name, [...(keysByName.get(name) ?? []), key])
  return { entries: new Map(), services: new Map(services.map((each) => [each.key, each])), keysByName }
}

const a = service('d/a', 'A')
const b = service('d/b', 'B')
const view = viewOf(a, b)

it('a snapshot has everything, or everything of one name', () => {
  expect(snapshotFrame(view, 'e.1', undefined)).toEqual({ type: 'snapshot', index: 'e.1', services: [a, b] })
  expect(snapshotFrame(view, 'e.1', 'B')).toEqual({ type: 'snapshot', index: 'e.1', services: [b] })
  expect(snapshotFrame(view, 'e.1', 'None')).toEqual({ type: 'snapshot', index: 'e.1', services: [] })
})

it('a change puts what is there and drops what is not', () => {
  expect(changeFrame(view, 'e.2', ['d/a', 'd/gone'])).toEqual({
    ...{ type: 'change', index: 'e.2', put: [a], drop: ['d/gone'] },
  })
})

it('watchers of single names see a renamed service go and come, and nothing of others', () => {
  const after = viewOf(service('d/a', 'Z'), b, service('d/c', 'C'))
  const byName = changesByName({ before: view, after, changed: ['d/a', 'd/c'] }, 'e.3')
  expect(Object.fromEntries(byName)).toEqual({
    A: { type: 'change', index: 'e.3', put: [], drop: ['d/a'] },
    Z: { type: 'change', index: 'e.3', put: [service('d/a', 'Z')], drop: [] },
    C: { type: 'change', index: 'e.3', put: [service('d/c', 'C')], drop: [] },
  })
})
