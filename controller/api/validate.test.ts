import { describe, expect, it } from 'vitest'
import { celChecks } from './cel.ts'
import { validate } from './validate.ts'

const service = (spec: unknown, metadata: unknown = { name: 'a' }) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Service',
  metadata,
  spec,
})
const policy = (spec: unknown) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Policy',
  metadata: { name: 'p' },
  spec,
})
const url = 'http://10.0.0.1'
const targetRefs = [{ kind: 'Service', name: 'a' }]

describe('a document is refused by its field', () => {
  it.each([
    { what: 'a list', value: [], field: '' },
    { what: 'another API version', value: { ...service({ url }), apiVersion: 'v1' }, field: 'apiVersion' },
    { what: 'an unknown kind', value: { ...service({ url }), kind: 'Servise' }, field: 'kind' },
    { what: 'an unknown field at the top', value: { ...service({ url }), specs: {} }, field: 'specs' },
    { what: 'no metadata', value: { ...service({ url }), metadata: undefined }, field: 'metadata.name' },
    { what: 'an upper-case object name', value: service({ url }, { name: 'ServiceA' }), field: 'metadata.name' },
    { what: 'a bad namespace', value: service({ url }, { name: 'a', namespace: 'A_b' }), field: 'metadata.namespace' },
    {
      what: 'an annotation that is a number',
      value: service({ url }, { name: 'a', annotations: { x: 5 } }),
      field: 'metadata.annotations',
    },
    { what: 'no spec', value: service(undefined), field: 'spec' },
    { what: 'an unknown field in the spec', value: service({ url, urls: 1 }), field: 'spec.urls' },
    { what: 'another scheme', value: service({ url: 'ftp://host/x' }), field: 'spec.url' },
    { what: 'credentials in the URL', value: service({ url: 'http://u:p@host' }), field: 'spec.url' },
    { what: 'no address at all', value: service({}), field: 'spec' },
    {
      what: 'two kinds of address',
      value: service({ url, kubernetesService: { name: 'x', port: '80' } }),
      field: 'spec',
    },
    { what: 'a missing instance', value: service({ endpoints: [{ url }] }), field: 'spec.endpoints[0].instance' },
    {
      what: 'the same instance twice',
      value: service({
        endpoints: [
          { instance: 'x', url },
          { instance: 'x', url },
        ],
      }),
      field: 'spec.endpoints[1]',
    },
    {
      what: 'a timeout over the interval',
      value: service({ url, health: { interval: '1s', timeout: '2s' } }),
      field: 'spec.health',
    },
    {
      what: 'a path with dots',
      value: service({ url, expose: { paths: [{ value: '/ok' }, { value: '/a/../b' }] } }),
      field: 'spec.expose.paths[1]',
    },
    {
      what: 'an upper-case hostname',
      value: service({ url, expose: { hostnames: ['Example.com'], paths: [{ value: '/' }] } }),
      field: 'spec.expose.hostnames[0]',
    },
    { what: 'a policy that says nothing', value: policy({ targetRefs }), field: 'spec' },
    {
      what: 'a limit over a million',
      value: policy({ targetRefs, rateLimits: [{ name: 'r', limit: 1_000_001, period: '1s' }] }),
      field: 'spec.rateLimits[0].limit',
    },
    {
      what: 'a period under 100ms',
      value: policy({ targetRefs, rateLimits: [{ name: 'r', limit: 1, period: '99ms' }] }),
      field: 'spec.rateLimits[0]',
    },
    {
      what: 'a header key without a header',
      value: policy({ targetRefs, rateLimits: [{ name: 'r', limit: 1, period: '1s', key: { type: 'Header' } }] }),
      field: 'spec.rateLimits[0].key',
    },
  ])('$what → $field', ({ value, field }) => {
    const checked = validate(value, 'default')
    expect(checked.ok ? 'taken' : checked.violations.map((each) => each.field)).toContain(field)
  })

  it('taken with its defaults', () => {
    const checked = validate(service({ url, health: {}, expose: { paths: [{ value: '/x' }] } }), 'shop')
    expect(checked.ok && { metadata: checked.document.metadata, spec: checked.document.body.spec }).toEqual({
      metadata: { name: 'a', namespace: 'shop' },
      spec: {
        url,
        health: { type: 'http', path: '/', interval: '10s', timeout: '2s', unhealthyAfter: 2, healthyAfter: 1 },
        expose: { paths: [{ type: 'PathPrefix', value: '/x' }] },
      },
    })
  })

  it('leaves what it was given as it was', () => {
    const given = service({ url, health: {} })
    validate(given, 'default')
    expect(given).toEqual(service({ url, health: {} }))
  })
})

describe('CEL rules', () => {
  it.each(['isURL(self)', 'self == oldSelf', 'quantity(self).isLessThan(quantity("1"))', 'self ==='])(
    'outside the subset are refused at start: %s',
    (rule) => {
      expect(() => celChecks({ type: 'object', 'x-kubernetes-validations': [{ rule, message: 'm' }] })).toThrow(
        /cannot be checked in a folder/,
      )
    },
  )

  it('see whole numbers as CEL integers', () => {
    const check = celChecks({
      type: 'object',
      properties: { n: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: 'self.n % 2 == 0', message: 'even' }],
    })
    expect([check({ n: 4 }, 'spec'), check({ n: 3 }, 'spec')]).toEqual([[], [{ field: 'spec', message: 'even' }]])
  })
})
