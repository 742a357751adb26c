import { GROUP } from '#controller/api/objects.ts'
import type { Kube } from '#lib/kube.ts'

const READ = ['get', 'list', 'watch']

/** The least a controller must be allowed to do: what the chart's ClusterRole grants. */
export const CONTROLLER_RULES = [
  { apiGroups: [GROUP], resources: ['services', 'policies', 'messageroutes'], verbs: READ },
  { apiGroups: [GROUP], resources: ['services/status', 'policies/status', 'messageroutes/status'], verbs: ['update'] },
  // POST /register makes Services, changes and deletes those that it made.
  { apiGroups: [GROUP], resources: ['services'], verbs: ['create', 'update', 'delete'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  { apiGroups: [''], resources: ['events'], verbs: ['get', 'create', 'update'] },
] as const

/** Grants a user of the test API server these rules, over all namespaces. */
export async function grant(kube: Kube, user: string, rules: readonly object[]): Promise<void> {
  const root = '/apis/rbac.authorization.k8s.io/v1'
  await kube.create(`${root}/clusterroles`, { metadata: { name: `test-${user}` }, rules })
  await kube.create(`${root}/clusterrolebindings`, {
    metadata: { name: `test-${user}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `test-${user}` },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  })
}
