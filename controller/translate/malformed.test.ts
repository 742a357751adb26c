import { describe, expect, it } from 'vitest'
import { policyOf, serviceOf } from '#test/gen/objects.ts'
import { keyOf, type PolicyObject, type ServiceObject } from '../api/objects.ts'
import { translate } from './translate.ts'

// What an API server may hold from before a schema grew stricter.
const good = serviceOf('good', { url: 'http://good.example', expose: { paths: [{ value: '/good' }] } })
const limited = policyOf('limited', {
  targetRefs: [{ kind: 'Service', name: 'good' }],
  rateLimits: [{ name: 'r', limit: 5, period: '10s' }],
})
const service = (spec: unknown) => ({ ...serviceOf('bad', { url: 'http://bad.example' }), spec }) as ServiceObject
const policy = (spec: unknown) => ({ ...policyOf('bad', limited.spec), spec }) as PolicyObject

function outcomeOf(...objects: readonly (ServiceObject | PolicyObject)[]) {
  const services = new Map<string, ServiceObject>()
  const policies = new Map<string, PolicyObject>()
  for (const each of objects) {
    if (each.kind === 'Service') services.set(keyOf(each), each)
    else policies.set(keyOf(each), each)
  }
  return translate({ services, policies, messageRoutes: new Map(), endpointSlices: new Map() })
}

describe('an object that cannot be read affects only itself', () => {
  it.each([
    { lacks: 'its spec', bad: service(undefined), says: 'spec: must be object' },
    {
      lacks: 'a type',
      bad: service({ url: 'http://bad.example', expose: { paths: 'all' } }),
      says: 'spec.expose.paths: must be array',
    },
    {
      lacks: 'a field',
      bad: service({ endpoints: [{ url: 'http://bad.example' }] }),
      says: 'spec.endpoints[0].instance: is required',
    },
    { lacks: 'its spec, and is a Policy', bad: policy(undefined), says: 'spec: must be object' },
    { lacks: 'targets', bad: policy({ rateLimits: [] }), says: 'spec.targetRefs: is required' },
    {
      lacks: 'a shape of key',
      bad: policy({ ...limited.spec, rateLimits: [{ name: 'r', limit: 1, period: '1s', key: { type: 'Weather' } }] }),
      says: 'spec.rateLimits[0].key.type: must be one of Global, ClientIP, Header, Consumer',
    },
  ])('when it lacks $lacks', ({ bad, says }) => {
    const alone = outcomeOf(good, limited)
    const beside = outcomeOf(good, limited, bad)
    expect(beside.model).toEqual(alone.model)
    expect(beside.verdicts.get(`${bad.kind}/default/bad`)?.findings).toEqual([
      { type: 'Accepted', status: 'False', reason: 'Malformed', message: says },
    ])
    const { [`${bad.kind}/default/bad`]: _bad, ...others } = Object.fromEntries(beside.verdicts)
    expect(others).toEqual(Object.fromEntries(alone.verdicts))
  })

  it('but a field that only a newer schema knows is no fault', () => {
    const newer = service({ url: 'http://bad.example', weight: 5 })
    expect(outcomeOf(newer).verdicts.get('Service/default/bad')?.findings[0]?.status).toBe('True')
  })
})
