import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settings } from '#services/registry/config.ts'
import { eventually } from '#test/kit/eventually.ts'
import { deployable } from '#test/kit/process.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import { registryClient } from '#test/kit/registry-client.ts'
import { watchStream } from '#test/kit/registry-watch.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
})
afterAll(() => bed?.stop())

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `services/registry/main.ts` with these flags, until it ends by itself. */
async function ended(...flags: readonly string[]): Promise<Ended> {
  const main = join(import.meta.dirname, '../../services/registry/main.ts')
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [main, ...flags])) }
  } catch (error) {
    return error as Ended
  }
}

describe('the registry as a process', () => {
  it('serves until SIGTERM, then ends its watches and itself', async () => {
    const own = await deployable('services/registry/main.ts', { 'controller-url': bed.controllerUrl, auth: 'open' })
    await own.start()
    const client = registryClient(() => own.url)
    expect((await client.post('/register', { name: 'ServiceA', url: 'http://127.0.0.1:9' })).status).toBe(201)
    expect(await client.discover('ServiceA')).toBe('http://127.0.0.1:9')
    const watcher = await watchStream(`${own.url}/watch`)
    await own.kill('SIGTERM')
    await eventually(() => watcher.hasEnded())
    expect(await bed.discover('ServiceA')).toBe('http://127.0.0.1:9')
  })

  it('tells all its settings', async () => {
    const { code, stdout } = await ended('--help')
    expect(code).toBe(0)
    for (const { env } of Object.values(settings)) expect(stdout.replace(/\s+/g, ' ')).toContain(`[env ${env}]`)
  })

  it('says in one line that its port is taken', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as { port: number }
    const { code, stdout } = await ended('--host', '127.0.0.1', '--port', String(port), '--auth', 'open')
    expect(code).toBe(1)
    expect(stdout).toContain(`Port ${port} is taken: registry API needs it; free it or choose another`)
    await new Promise((resolve) => holder.close(resolve))
  })

  it('says in one line what of its settings is wrong, before it opens anything', async () => {
    expect(await ended('--auth', 'maybe')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^registry: .*--auth.*must be one of auto, open, token, kubernetes\n$/s),
    })
    expect(await ended('--auth', 'token')).toMatchObject({
      code: 1,
      stderr: 'registry: SOAPLANE_REGISTRY_TOKENS is needed when registration is by token\n',
    })
  })
})
