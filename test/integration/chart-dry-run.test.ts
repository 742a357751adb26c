import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { type Manifest, objectsOf, podOf, VALUE_SETS } from '#test/kit/chart.ts'
import { kubectl } from '#test/kit/kubectl.ts'
import { monitoringCrds } from '#test/kit/kubernetes/monitoring-crds.ts'

const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted' }
const DRY = ['apply', '--dry-run=server', '--warnings-as-errors', '--filename', '-']

// A server of its own: definitions and namespaces are as a first install finds them.
let server: OwnApiServer
const apply = (args: readonly string[], objects: readonly object[]) =>
  // JSON: kubectl reads YAML 1.1, in which an unquoted yes is no text.
  kubectl(args, {
    kubeconfig: server.kubeconfigPath,
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  })

beforeAll(async () => {
  server = await startOwnApiServer()
  const [definitions, monitoring] = await Promise.all([objectsOf('default'), monitoringCrds()])
  await apply(
    ['apply', '--filename', '-'],
    [
      ...definitions.filter(({ kind }) => kind === 'CustomResourceDefinition'),
      ...['soaplane-system', 'team-a', 'apps'].map((name) => namespace(name)),
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'platform' }, value: 1 },
    ],
  )
  const files = monitoring.flatMap((file) => ['--filename', file])
  await kubectl(['apply', '--server-side', ...files], { kubeconfig: server.kubeconfigPath })
  const established = ['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']
  await kubectl(established, { kubeconfig: server.kubeconfigPath })
})
afterAll(() => server?.stop())

describe.each(VALUE_SETS)('with the values of %s', (set) => {
  it('a real API server takes every object, and warns of none', async () => {
    const objects = await objectsOf(set)
    const told = (await apply(DRY, objects)).trim().split('\n')
    expect(told).toHaveLength(objects.length)
    for (const line of told) expect(line).toMatch(/(created|configured|unchanged) \(server dry run\)$/)
  })

  it('a namespace that enforces the restricted profile admits every pod', async () => {
    const pods = (await objectsOf(set)).flatMap((object) => {
      const pod = podOf(object)
      return pod ? [inOneNamespace(object, pod)] : []
    })
    expect((await apply(DRY, pods)).trim().split('\n')).toEqual(
      pods.map(({ metadata }) => `pod/${metadata.name} created (server dry run)`),
    )
  })
})

it('that namespace refuses a pod that is not so', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'a', image: 'a' }] } }
  const outcome = apply(DRY, [{ ...pod, metadata: { name: 'a', namespace: 'soaplane-system' } }])
  await expect(outcome).rejects.toThrow('violates PodSecurity "restricted:latest"')
})

function namespace(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: RESTRICTED } }
}

/** The pod with a name, without the claims that its StatefulSet would add. */
function inOneNamespace({ kind, metadata, spec }: Manifest, pod: Manifest): Manifest {
  const name = `${kind}-${metadata.name}`.toLowerCase()
  const claims = (spec.volumeClaimTemplates ?? []) as readonly Manifest[]
  const claimed = claims.map((each) => ({ name: each.metadata.name, emptyDir: {} }))
  const volumes = [...(pod.spec.volumes ?? []), ...claimed]
  return { ...pod, metadata: { ...pod.metadata, name, namespace: 'soaplane-system' }, spec: { ...pod.spec, volumes } }
}
