import { expect, it } from 'vitest'
import { type Manifest, objectsOf, VALUE_SETS } from '#test/kit/chart.ts'
import { CONTROLLER_RULES } from '#test/kit/kubernetes/rights.ts'

const LEASE = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] }
// The lease is the controller's own: rights to it are for its namespace only, and by its name where that can be said.
const [ELECTION] = CONTROLLER_RULES.filter(({ apiGroups }) => apiGroups[0] === LEASE.apiGroups[0])
const OBJECTS = CONTROLLER_RULES.filter((rule) => rule !== ELECTION)

it('over all namespaces a controller may do what the tests of the controller run with, and a registry review tokens', async () => {
  expect(rolesOf(await objectsOf('default'))).toEqual({
    'ClusterRole soaplane-system-soaplane-controller': OBJECTS,
    'ClusterRole soaplane-system-soaplane-registry': [
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    ],
    'Role soaplane-system/soaplane-controller': [
      { ...LEASE, verbs: ['create'] },
      { ...LEASE, verbs: ['get', 'update'], resourceNames: ['soaplane-controller'] },
    ],
  })
})

it('in one namespace nothing is asked of the cluster', async () => {
  expect(rolesOf(await objectsOf('one-namespace'))).toEqual({
    'Role team-a/soaplane-system-soaplane-controller': OBJECTS,
    'Role soaplane-system/soaplane-controller': [
      { ...LEASE, verbs: ['create'] },
      { ...LEASE, verbs: ['get', 'update'], resourceNames: ['soaplane-controller'] },
    ],
  })
})

it('the job that makes Secrets reads only those, and changes none', async () => {
  expect(rolesOf(await objectsOf('three-brokers'))['Role soaplane-system/soaplane-secrets']).toEqual([
    {
      apiGroups: [''],
      resources: ['secrets'],
      verbs: ['get'],
      resourceNames: ['soaplane-control', 'soaplane-rabbitmq'],
    },
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  ])
})

it.each(VALUE_SETS)('with the values of %s only accounts with rights are given a token', async (set) => {
  const objects = await objectsOf(set)
  const bound = new Set(
    objects
      .filter(({ kind }) => kind.endsWith('RoleBinding'))
      .flatMap(({ subjects }) => subjects.map(({ name }: { name: string }) => name)),
  )
  const workloads = objects.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
  for (const { spec } of workloads) {
    const { serviceAccountName, automountServiceAccountToken } = spec.template.spec
    expect(automountServiceAccountToken, serviceAccountName).toBe(bound.has(serviceAccountName))
  }
})

function rolesOf(objects: readonly Manifest[]): Readonly<Record<string, unknown>> {
  const roles = objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
  return Object.fromEntries(
    roles.map(({ kind, metadata: { namespace, name }, rules }) => [
      `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
      rules,
    ]),
  )
}
