import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import type { Manifest } from '#test/kit/chart.ts'
import { CHART, helm } from '#test/kit/helm.ts'
import { kubectl } from '#test/kit/kubectl.ts'
import { serviceIn } from '#test/kit/kubernetes/objects.ts'

// What Helm and the chart make of the objects in an API server; that the pods run is for e2e.
const NAMESPACE = 'soaplane-system'
let server: OwnApiServer
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soaplane-chart-'))
  server = await startOwnApiServer()
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const kube = (...args: readonly string[]) => kubectl(args, { kubeconfig: server.kubeconfigPath })
const get = async (...args: readonly string[]) => JSON.parse(await kube('get', '--output=json', ...args)) as Manifest

async function helmed(...args: readonly string[]): Promise<string> {
  const outcome = await helm([...args, '--namespace', NAMESPACE], { kubeconfig: server.kubeconfigPath })
  if (!outcome.ok) throw new Error(outcome.message)
  return outcome.output
}

describe('one release through its life', () => {
  let secrets: Readonly<Record<string, unknown>>

  it('is installed from a chart of a time when Services had no owner', async () => {
    const older = join(folder, 'older')
    await cp(CHART, older, { recursive: true })
    const definition = join(older, 'files/crds/services.yaml')
    const text = await readFile(definition, 'utf8')
    await writeFile(definition, text.replace(/^ {16}owner:\n(?: {18}.*\n)+/m, ''))
    await helmed('install', 'soaplane', older, '--create-namespace')
    expect(await ownerInSchema()).toBeUndefined()
    secrets = await secretData()
    expect(Object.keys(secrets)).toEqual(['soaplane-control', 'soaplane-rabbitmq'])
    await kubectl(['apply', '--filename', '-'], {
      kubeconfig: server.kubeconfigPath,
      input: JSON.stringify(serviceIn('default', 'orders')),
    })
  })

  it('is upgraded: the definition has the field, the resource lives on, every secret is what it was', async () => {
    await helmed('upgrade', 'soaplane', CHART)
    expect(await ownerInSchema()).toMatchObject({ type: 'string' })
    await kube(
      'patch',
      'services.soaplane.dev',
      'orders',
      '--type=merge',
      '--patch',
      '{"spec":{"owner":"team-orders"}}',
    )
    expect((await get('services.soaplane.dev', 'orders')).spec).toMatchObject({ owner: 'team-orders' })
    expect(await secretData()).toEqual(secrets)
  })

  it('is uninstalled: definitions, resources and what opens the messages stay, without finalizers, and nothing else', async () => {
    await helmed('uninstall', 'soaplane')
    const left = await get(
      'all,secrets,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,pdb',
      '-n',
      NAMESPACE,
    )
    const own = (left.items as readonly Manifest[]).filter(({ metadata }) => metadata.labels?.[PART_OF] === 'soaplane')
    expect(own.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Secret soaplane-rabbitmq'])
    const rights = await get('clusterroles,clusterrolebindings', '--selector', `${PART_OF}=soaplane`)
    expect(rights.items).toEqual([])
    const kept = [await get('services.soaplane.dev', 'orders'), await get('crd', 'services.soaplane.dev')]
    expect(kept[0]?.metadata).not.toHaveProperty('finalizers')
    expect(kept[1]?.metadata).not.toHaveProperty('deletionTimestamp')
  })

  it('is installed again: it takes over what was kept, and knows the password of the messages', async () => {
    await helmed('install', 'soaplane', CHART)
    const { 'soaplane-control': control, ...others } = await secretData()
    expect(others).toEqual({ 'soaplane-rabbitmq': secrets['soaplane-rabbitmq'] })
    expect(control).not.toEqual(secrets['soaplane-control'])
    expect((await get('services.soaplane.dev', 'orders')).spec).toMatchObject({ owner: 'team-orders' })
  })

  it('a release of another name takes the definitions over when told to', async () => {
    await helmed('uninstall', 'soaplane')
    await expect(helmed('install', 'another', CHART)).rejects.toThrow('invalid ownership metadata')
    await helmed('install', 'another', CHART, '--take-ownership')
    expect((await get('crd', 'services.soaplane.dev')).metadata.annotations).toMatchObject({
      'meta.helm.sh/release-name': 'another',
    })
    await helmed('uninstall', 'another')
  })
})

describe('the notes', () => {
  it.each([
    {
      set: 'installCRDs=false',
      say: ['helm test soaplane -n soaplane-system', 'TOKEN=$(kubectl create token default)'],
    },
    {
      set: 'installCRDs=false,registry.auth.mode=token',
      say: ["get secret soaplane-registry -o jsonpath='{.data.token}' | base64 -d"],
    },
    {
      set: 'installCRDs=false,registry.auth.mode=open,examples.enabled=true',
      say: ['Anyone who reaches the registry may register', 'kubectl apply -n default -f k8s/samples'],
    },
    {
      set: 'installCRDs=false,gateway.ingress.enabled=true,gateway.ingress.hosts={api.example}',
      say: ['curl http://api.example/greet'],
    },
  ])('with $set say how to go on', async ({ set, say }) => {
    const notes = await helmed('install', 'soaplane', CHART, '--dry-run=server', '--set', set)
    for (const line of say) expect(notes).toContain(line)
  })
})

const PART_OF = 'app.kubernetes.io/part-of'

async function secretData(): Promise<Readonly<Record<string, unknown>>> {
  const { items } = await get('secrets', '--namespace', NAMESPACE, '--selector', `${PART_OF}=soaplane`)
  return Object.fromEntries((items as readonly Manifest[]).map(({ metadata, data }) => [metadata.name, data]))
}

async function ownerInSchema(): Promise<unknown> {
  const { spec } = await get('crd', 'services.soaplane.dev')
  return spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.owner
}
