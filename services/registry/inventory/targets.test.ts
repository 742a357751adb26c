import { expect, it } from 'vitest'
import type { Endpoint, RegistryEntry } from '#lib/model/registry.ts'
import { afterModel, difference, EMPTY } from '../directory/view.ts'
import { targetGroups } from './targets.ts'

function groupsOf(endpoints: readonly Endpoint[], more: Partial<RegistryEntry> = {}) {
  const entry: RegistryEntry = {
    ...{ uid: 'u', namespace: 'd', object: 'a', name: 'ServiceA', metadata: {}, origin: 'declared' },
    ...{ endpoints, endpointsRev: 'r', createdAt: '', ...more },
  }
  return targetGroups(afterModel(EMPTY, difference(new Map(), new Map([['d/a', entry]])), () => 'healthy').view)
}

it('is an empty list when there is nothing', () => expect(targetGroups(EMPTY)).toEqual([]))

it('is a group for each endpoint, with all that is known as labels', () => {
  const more = { owner: 'team', version: '1', metadata: { 'prometheus.io/port': '9', tier: 'gold' } }
  expect(groupsOf([{ instance: 'one', url: 'https://a:8443/base', version: '2' }], more)).toEqual([
    {
      targets: ['a:8443'],
      labels: {
        __scheme__: 'https',
        __meta_soaplane_service: 'ServiceA',
        __meta_soaplane_namespace: 'd',
        __meta_soaplane_object: 'a',
        __meta_soaplane_instance: 'one',
        __meta_soaplane_url: 'https://a:8443/base',
        __meta_soaplane_path: '/base',
        __meta_soaplane_origin: 'declared',
        __meta_soaplane_owner: 'team',
        __meta_soaplane_version: '2',
        __meta_soaplane_health: 'healthy',
        __meta_soaplane_metadata_prometheus_io_port: '9',
        __meta_soaplane_metadata_tier: 'gold',
      },
    },
  ])
})

it.each([
  ['http://a', 'a:80'],
  ['https://a', 'a:443'],
  ['http://10.0.0.1:5001', '10.0.0.1:5001'],
  ['http://[::1]:9', '[::1]:9'],
  ['http://[::1]', '[::1]:80'],
])('the target of %s is %s', (url, target) => {
  expect(groupsOf([{ instance: 'i', url }])[0]?.targets).toEqual([target])
})
