import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { manifestsIn } from '#test/kit/chart.ts'
import { kubectl } from '#test/kit/kubectl.ts'

// The job of k8s/install.yaml, told what the manifest tells it, with the rights that the manifest gives it.
const root = join(import.meta.dirname, '../..')
const NAMESPACE = 'soaplane-system'
const objects = manifestsIn(readFileSync(join(root, 'k8s/install.yaml'), 'utf8'))
const [container] = objects.find(({ kind }) => kind === 'Job')?.spec.template.spec.containers ?? []
const wanted = container.env.find(({ name }: { name: string }) => name === 'SOAPLANE_SECRETS').value

let server: OwnApiServer
let kube: Kube

beforeAll(async () => {
  server = await startOwnApiServer()
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  const rights = objects.filter(({ metadata }) => metadata.name === 'soaplane-secrets')
  const items = [
    ...objects.filter(({ kind }) => kind === 'Namespace'),
    ...rights.filter(({ kind }) => kind === 'Role'),
    // To the server's user without rights, in place of the account that no controller makes here.
    ...rights
      .filter(({ kind }) => kind === 'RoleBinding')
      .map((each) => ({ ...each, subjects: [{ kind: 'User', name: 'guest', apiGroup: 'rbac.authorization.k8s.io' }] })),
  ]
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  await kubectl(['apply', '--filename', '-'], { kubeconfig: server.kubeconfigPath, input })
})
afterAll(async () => {
  await kube?.close()
  await server?.stop()
})

async function job(secrets: string): Promise<{ readonly code: number; readonly said: string }> {
  const [, main] = container.command as [string, string]
  const env = {
    ...process.env,
    KUBECONFIG: server.guestKubeconfigPath,
    SOAPLANE_NAMESPACE: NAMESPACE,
    SOAPLANE_SECRETS: secrets,
  }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, main)], { env })
    return { code: 0, said: stdout }
  } catch (error) {
    const { code, stderr } = error as { readonly code: number; readonly stderr: string }
    return { code, said: stderr }
  }
}

async function dataOf(name: string): Promise<Readonly<Record<string, string>>> {
  const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${name}`
  const secret = await kube.get<{ readonly data: Record<string, string> }>(path)
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  )
}

it('makes every Secret that the platform reads, and leaves it alone afterwards', async () => {
  expect(await job(wanted)).toEqual({
    code: 0,
    said: 'Secret soaplane-system/soaplane-control made\nSecret soaplane-system/soaplane-rabbitmq made\n',
  })
  const made = [await dataOf('soaplane-control'), await dataOf('soaplane-rabbitmq')]
  expect(made).toEqual([
    { token: expect.stringMatching(/^[A-Za-z0-9]{48}$/) },
    {
      username: 'soaplane',
      password: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
      'erlang-cookie': expect.stringMatching(/^[A-Za-z0-9]{48}$/),
      url: `amqp://soaplane:${made[1]?.password}@soaplane-rabbitmq.soaplane-system.svc.cluster.local:5672`,
    },
  ])
  expect(await job(wanted)).toEqual({
    code: 0,
    said: 'Secret soaplane-system/soaplane-control is there\nSecret soaplane-system/soaplane-rabbitmq is there\n',
  })
  expect([await dataOf('soaplane-control'), await dataOf('soaplane-rabbitmq')]).toEqual(made)
})

it('has no right to other Secrets, and fails with what the API server said', async () => {
  const other = JSON.stringify([{ name: 'other', labels: {}, random: { token: 8 }, text: {} }])
  const { code, said } = await job(other)
  expect(code).toBe(1)
  expect(said).toContain('secrets "other" is forbidden')
})

it('what is no list of Secrets is refused', async () => {
  const { code, said } = await job('[{}]')
  expect({ code, said }).toEqual({
    code: 1,
    said: 'secrets: SOAPLANE_SECRETS=[{}]: must be a list of {name, labels, random, text}\n',
  })
})
