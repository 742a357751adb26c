import { describe, expect, it } from 'vitest'
import { REFUSED } from '#test/gen/specs.ts'
import { celChecks } from './cel.ts'
import { validate } from './validate.ts'

const service = (spec: unknown, metadata: unknown = { name: 'a' }) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Service',
  metadata,
  spec,
})
const url = 'http://10.0.0.1'

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
  ])('$what → $field', ({ value, field }) => {
    const checked = validate(value, 'default')
    expect(checked.ok ? 'taken' : checked.violations.map((each) => each.field)).toContain(field)
  })

  it.each(REFUSED)('$kind with $what → $field', ({ kind, spec, field }) => {
    const checked = validate({ ...service(spec), kind }, 'default')
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
