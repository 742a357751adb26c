import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { apiServerBinary } from './binary.ts'
import { cacheFolder, kubernetesVersion } from './cache.ts'

const folder = mkdtempSync(join(tmpdir(), 'soaplane-binary-'))
afterAll(() => rmSync(folder, { recursive: true }))

function program(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

// `go` in the place of the real one: it writes its -o file, or fails as told.
const goThat = (name: string, text: string) => dirname(program(join(folder, name, 'go'), text))
const writesOutput = 'while [ "$1" != "-o" ]; do shift; done; echo built > "$2"; /bin/chmod +x "$2"'

it('takes the binary that is given', async () => {
  const given = program(join(folder, 'given'), 'exit 0')
  expect(await apiServerBinary({ SOAPLANE_KUBE_APISERVER: given })).toBe(given)
})

it('takes the cached one before it builds', async () => {
  const env = { XDG_CACHE_HOME: join(folder, 'cache'), PATH: goThat('go-broken', 'exit 1') }
  const cached = program(join(cacheFolder(kubernetesVersion(), env), 'kube-apiserver'), 'exit 0')
  expect(await apiServerBinary(env)).toBe(cached)
})

it('builds it into the cache where there is none', async () => {
  const env = { XDG_CACHE_HOME: join(folder, 'empty'), PATH: goThat('go-works', writesOutput) }
  expect(await apiServerBinary(env)).toBe(join(folder, 'empty/soaplane', kubernetesVersion(), 'kube-apiserver'))
})

it.each([
  {
    when: 'the given one is missing',
    env: { SOAPLANE_KUBE_APISERVER: '/nonexistent' },
    why: 'is not an executable file',
  },
  { when: 'there is no Go', env: { PATH: '/nonexistent' }, why: 'there is no `go` on the PATH' },
  {
    when: 'the build fails',
    env: { PATH: goThat('go-fails', 'echo no module >&2; exit 3') },
    why: 'ended with 3: no module',
  },
])('fails with every way to get one when $when', async ({ env, why }) => {
  const failing = apiServerBinary({ XDG_CACHE_HOME: join(folder, 'nothing'), ...env })
  await expect(failing).rejects.toThrow(why)
  await expect(failing).rejects.toThrow(/SOAPLANE_TEST_KUBECONFIG[\s\S]*SOAPLANE_KUBE_APISERVER[\s\S]*Go 1\.24/)
})
