import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KINDS } from '#controller/api/kinds.ts'
import { API_VERSION, GROUP, VERSION } from '#controller/api/objects.ts'
import { validate } from '#controller/api/validate.ts'
import { pathTo } from '#lib/kube/paths.ts'
import { createKube, type Kube, type KubeError } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { REFUSED, type SpecRow, TAKEN } from '#test/gen/specs.ts'
import type { ApiServer } from '#test/kit/apiserver.ts'
import { kubectl } from '#test/kit/kubectl.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { theApiServer } from '#test/kit/kubernetes/given.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'

let server: ApiServer
let kube: Kube
let namespace: string

beforeAll(async () => {
  server = await theApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  namespace = await freshNamespace(kube)
})
afterAll(async () => {
  await kube?.close()
  await server?.stop()
})

/** What the API server makes of an object, without keeping it. */
function offered({ kind, spec }: SpecRow): Promise<{ readonly spec?: unknown }> {
  const plural = KINDS.find((each) => each.kind === kind)?.plural ?? ''
  const path = pathTo({ group: GROUP, version: VERSION, plural }, namespace)
  return kube.create(`${path}?dryRun=All`, { apiVersion: API_VERSION, kind, metadata: { name: 'a' }, spec })
}

describe('the API server', () => {
  it.each(REFUSED)('refuses a $kind with $what, and names $field', async (row) => {
    const refusal = await offered(row).then(
      () => 'taken',
      (error: KubeError) => `${error.status} ${error.message}`,
    )
    expect(refusal).toMatch(/^422 /)
    expect(refusal).toContain(`${row.field}: `)
  })

  it.each(TAKEN)('takes a $kind with $what, and fills in what the folder fills in', async (row) => {
    const inFolder = validate({ apiVersion: API_VERSION, kind: row.kind, metadata: { name: 'a' }, spec: row.spec }, 'a')
    expect(inFolder.ok && inFolder.document.body.spec).toEqual((await offered(row)).spec)
  })

  it('has a row for each CEL rule', async () => {
    const told = await Promise.all(REFUSED.map((row) => offered(row).catch((error: KubeError) => error.message)))
    const rules = [...JSON.stringify(KINDS).matchAll(/"rule":"(?:[^"\\]|\\.)*","message":"((?:[^"\\]|\\.)*)"/g)]
    expect(rules.length).toBeGreaterThan(8)
    const untold = rules.map(([, message]) => message as string).filter((rule) => !told.join('\n').includes(rule))
    expect(untold).toEqual([])
  })

  it('answers kubectl in words that say what to do', async () => {
    const manifest = (spec: object) =>
      JSON.stringify({ apiVersion: API_VERSION, kind: 'Service', metadata: { name: 'a', namespace }, spec })
    const apply = (spec: object) =>
      kubectl(['apply', '--filename', '-'], { kubeconfig: server.kubeconfigPath, input: manifest(spec) })
    await expect(apply({})).rejects.toThrow(
      /spec: Invalid value: .*exactly one of url, endpoints or kubernetesService must be set/,
    )
    await expect(apply({ url: 'http://a', urls: 1 })).rejects.toThrow(/unknown field "spec.urls"/)
  })

  it('knows short names, the category, and columns', async () => {
    const manifest = {
      apiVersion: API_VERSION,
      kind: 'Service',
      metadata: { name: 'listed' },
      spec: { url: 'http://a' },
    }
    await kube.create(pathTo({ group: GROUP, version: VERSION, plural: 'services' }, namespace), manifest)
    const get = (what: string) =>
      kubectl(['--namespace', namespace, 'get', what], { kubeconfig: server.kubeconfigPath })
    expect((await get('soasvc')).split('\n')[0]?.trim().split(/\s+/)).toEqual(['NAME', 'READY', 'REASON', 'URL', 'AGE'])
    expect(await get('soaplane')).toContain('service.soaplane.dev/listed')
    expect(await get('soapol')).toBe('')
  })
})
