import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { loadImage, startCluster } from './cluster.ts'
import { clusterMissing } from './missing.ts'

// Programs in the place of the real ones: each notes what it was asked, and does what it was made for.
const folder = mkdtempSync(join(tmpdir(), 'soaplane-sources-'))
const notes = join(folder, 'notes')
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(notes, { force: true })
})

function having(programs: Readonly<Record<string, string>>): void {
  const bin = mkdtempSync(join(folder, 'bin-'))
  for (const [name, does] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${notes}\n${does}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  for (const tool of ['sh', 'rm'])
    writeFileSync(join(bin, tool), `#!/bin/sh\nexec /bin/${tool} "$@"\n`, { mode: 0o755 })
  vi.stubEnv('PATH', bin)
  vi.stubEnv('SOAPLANE_TEST_KUBECONFIG', '')
}

const noted = () => (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : [])

it.each([
  { source: 'kind', deletes: /^kind delete cluster --name soaplane-e2e-/ },
  { source: 'minikube', deletes: /^minikube delete --profile soaplane-e2e-/ },
])('leaves nothing of a cluster of $source that does not start', async ({ source, deletes }) => {
  having({ docker: 'exit 0', [source]: 'case "$1" in create|start) echo no room >&2; exit 1;; esac' })
  expect(clusterMissing()).toBeUndefined()
  await expect(startCluster()).rejects.toThrow('no room')
  expect(noted().at(-1)).toMatch(deletes)
})

it('takes kind before minikube', async () => {
  having({ docker: 'exit 0', kind: '[ "$1" != create ]', minikube: 'exit 0' })
  await expect(startCluster()).rejects.toThrow('kind create cluster')
  expect(noted().filter((each) => each.startsWith('minikube'))).toEqual([])
})

it.each([
  { source: 'kind', asks: 'kind load image-archive /image.tar --name blue' },
  { source: 'minikube', asks: 'minikube image load /image.tar --profile blue' },
] as const)('loads an archive into $source', async ({ source, asks }) => {
  having({ [source]: 'exit 0' })
  const facts = { source, kubeconfigPath: '', nodeAddress: '', isHermetic: false, handle: 'blue' }
  await loadImage(facts, '/image.tar')
  expect(noted()).toEqual([asks])
})

it('misses nothing where a cluster is given', () => {
  having({})
  vi.stubEnv('SOAPLANE_TEST_KUBECONFIG', '/some/where')
  expect(clusterMissing()).toBeUndefined()
})

it('tells in one line what is missing, and every way to get it', () => {
  having({ kind: 'exit 0', docker: 'exit 1' })
  vi.spyOn(process, 'platform', 'get').mockReturnValue('linux')
  vi.spyOn(process, 'getuid').mockReturnValue(1_000)
  const line = clusterMissing()
  expect(line).toMatch(
    /: this is not root\. .*SOAPLANE_TEST_KUBECONFIG=.*kind.*minikube.*Docker.*root on Linux.*Go 1\.24/,
  )
  expect(line).not.toContain('\n')
})
