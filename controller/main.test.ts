import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { fakeKube, hangs } from '#test/kit/fake-kube.ts'
import { deployable } from '#test/kit/process.ts'

interface Ended {
  readonly code: number
  readonly said: string
}

/** Runs node to its end; what it wrote on both streams. */
function ends(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = {
      cwd: join(import.meta.dirname, '..'),
      env: { PATH: process.env.PATH ?? '', HOME: '/none', ...env },
    }
    execFile(process.execPath, [...args], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: `${stdout}${stderr}` }),
    )
  })
}

const controller = (...flags: readonly string[]) => ends(['controller/main.ts', '--port', '0', ...flags])

it.each([
  {
    given: 'a port that is none',
    flags: ['--port', 'x'],
    says: /^controller: .*must be a whole number from 0 to 65535\n$/,
  },
  {
    given: 'no Kubernetes at all',
    flags: [],
    says: /^controller: No Kubernetes configuration: give a kubeconfig file or run in a pod\n$/,
  },
  {
    given: 'a kubeconfig that is not there',
    flags: ['--kubeconfig', '/none/kubeconfig'],
    says: /^controller: Kubernetes configuration cannot be read \(\/none\/kubeconfig\): .*ENOENT.*\n$/,
  },
])('ends with one line when it is given $given', async ({ flags, says }) => {
  const { code, said } = await controller(...flags)
  expect(said).toMatch(says)
  expect(code).toBe(1)
})

it('names a taken port in one line of its log, and ends', async () => {
  const taker = createServer()
  await new Promise<void>((resolve) => taker.listen(0, '127.0.0.1', resolve))
  const { port } = taker.address() as AddressInfo
  const { code, said } = await controller('--source', 'folder', '--host', '127.0.0.1', '--port', String(port))
  taker.close()
  expect(code).toBe(1)
  expect(said).toContain(`"error":"Port ${port} is taken: control API needs it; free it or choose another"`)
})

it('prints each setting with its variable for --help, and opens nothing', async () => {
  const { code, said } = await controller('--help')
  expect(code).toBe(0)
  for (const name of ['SOAPLANE_SOURCE', 'SOAPLANE_CONTROLLER_PORT', 'SOAPLANE_SETTLE_MS', 'KUBECONFIG'])
    expect(said.replace(/\s+/g, ' ')).toContain(`[env ${name}]`)
})

it('ends at once on SIGTERM, also while it waits for an API server that takes requests and never answers', async () => {
  const fake = await fakeKube({ list: hangs, watch: hangs, other: hangs })
  const waiting = await deployable('controller/main.ts', { kubeconfig: fake.kubeconfig }, { started: '/livez' })
  await waiting.start()
  await eventually(() => fake.calls.other.length > 0)
  expect(await (await fetch(`${waiting.url}/readyz`)).text()).toBe('process: starting\n')
  await waiting.kill('SIGTERM')
  expect(waiting.ended()).toContain('ended with 0')
  await fake.stop()
})

it('ends with a log line when a rejection was lost, since nobody knows what state that leaves', async () => {
  const script = `
    import { createLog } from './lib/log.ts'
    import { createLife, run } from './lib/run.ts'
    const loses = { name: 'loses', start() { Promise.reject(new Error('lost')) }, stop() { console.log('stopped') } }
    await run(createLife([loses]), { log: createLog('test', 'info') })
  `
  const { code, said } = await ends(['--input-type=module-typescript', '--eval', script])
  expect(code).toBe(1)
  expect(said).toContain('"error":"lost","msg":"Unhandled rejection"')
  expect(said).toContain('stopped')
})
