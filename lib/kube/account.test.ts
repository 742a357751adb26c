import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { accountOf } from './account.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soaplane-account-'))
  await writeFile(join(folder, 'ca.crt'), 'a certificate')
  await writeFile(join(folder, 'token'), 'one')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }

describe('the account of a pod', () => {
  it.each([
    { host: '10.96.0.1', port: '443', is: 'https://10.96.0.1/' },
    { host: '10.96.0.1', port: '6443', is: 'https://10.96.0.1:6443/' },
    { host: 'fd00::1', port: '6443', is: 'https://[fd00::1]:6443/' },
  ])('calls its API server at $is', ({ host, port, is }) => {
    const env = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }
    expect(accountOf(env, folder)?.server.href).toBe(is)
  })

  it('shows the token that is there now, to a server that its certificate proves', async () => {
    const account = accountOf(pod, folder)
    const shown = async () => {
      const options: RequestOptions = {}
      await account?.applyToHTTPSOptions(options)
      return options
    }
    const first = await shown()
    await writeFile(join(folder, 'token'), 'two')
    expect([first, await shown()]).toEqual([
      { ca: 'a certificate', headers: { Authorization: 'Bearer one' } },
      { ca: 'a certificate', headers: { Authorization: 'Bearer two' } },
    ])
  })

  it.each([
    { when: 'the environment names no API server', env: {}, token: true },
    { when: 'there is no token', env: pod, token: false },
  ])('is none when $when', async ({ env, token }) => {
    if (!token) await rm(join(folder, 'token'))
    expect(accountOf(env, folder)).toBeUndefined()
  })
})
