import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { SoaError } from '#lib/error.ts'
import { command, lastLine } from './command.ts'
import { whenWeDie } from './guard.ts'
import { ADVANCED_CONFIG, clientConf, UNROUTABLE_POLICY } from './node-settings.ts'
import { reachable } from './ready.ts'
import type { RunningBroker } from './running.ts'

const IMAGE = 'rabbitmq:4-management'
const PULL_MS = 300_000
const START_MS = 90_000

export async function dockerAnswers(): Promise<boolean> {
  const { ok } = await command('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 5_000 })
  return ok
}

export interface ContainerOptions {
  /** 0: any free one. */
  readonly port: number
  readonly progress: (line: string) => void
  /** Gives up a start that is under way. */
  readonly signal: AbortSignal
}

/** A container that goes with us; its messages last as long as it. */
export async function startInDocker({ port, progress, signal }: ContainerOptions): Promise<RunningBroker> {
  await pulled(progress, signal)
  const name = `soaplane-rabbitmq-${randomUUID().slice(0, 8)}`
  const remove = () => docker(['rm', '--force', '--volumes', name]).then(() => {})
  const callOff = whenWeDie('docker rm --force --volumes "$1"', [name])
  let end: string | undefined
  async function stop(): Promise<void> {
    end ??= 'stopped'
    await remove()
    callOff()
  }
  try {
    await create(name, port)
    await must(['start', name])
    const url = `amqp://guest:guest@127.0.0.1:${await publishedPort(name)}`
    // `wait` returns when the container ends, by whatever cause.
    void command('docker', ['wait', name], { timeoutMs: 2 ** 31 - 1 }).then(({ output }) => {
      end ??= `the RabbitMQ container ended with ${lastLine(output)}`
    })
    await reachable(url, { ended: () => end, timeoutMs: START_MS, signal })
    await must(['exec', name, 'rabbitmqctl', 'set_policy', ...UNROUTABLE_POLICY])
    return { url, how: `container ${name} of ${IMAGE}`, ended: () => end, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function pulled(progress: (line: string) => void, signal: AbortSignal): Promise<void> {
  if ((await docker(['image', 'inspect', IMAGE])).ok) return
  progress(`RabbitMQ: pulling ${IMAGE} (once) ...`)
  const { ok, output } = await command('docker', ['pull', '--quiet', IMAGE], { timeoutMs: PULL_MS, signal })
  if (!ok) throw new SoaError('SOA_BROKER_FAILED', `docker pull ${IMAGE} failed: ${lastLine(output)}`)
}

// The node's data is named after the host: a name that a new container keeps. The configuration is copied, not mounted:
// the daemon may be on another machine's file system (Docker Desktop, a remote context).
async function create(name: string, port: number): Promise<void> {
  const publish = `127.0.0.1:${port === 0 ? '' : port}:5672`
  await must(['create', '--name', name, '--hostname', 'soaplane', '--publish', publish, IMAGE])
  const folder = await mkdtemp(join(tmpdir(), 'soaplane-'))
  try {
    const files = {
      'conf.d/90-soaplane.conf': `${['loopback_users.guest = false', ...clientConf('4.0.0')].join('\n')}\n`,
      'advanced.config': ADVANCED_CONFIG,
    }
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, basename(path))
      await writeFile(file, text, { mode: 0o644 })
      await must(['cp', file, `${name}:/etc/rabbitmq/${path}`])
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function publishedPort(name: string): Promise<string> {
  const port = /:(\d+)\s*$/m.exec(await must(['port', name, '5672/tcp']))?.[1]
  if (port === undefined) throw new SoaError('SOA_BROKER_FAILED', 'docker does not tell the published port')
  return port
}

async function must(args: readonly string[]): Promise<string> {
  const { ok, output } = await docker(args)
  if (!ok) throw new SoaError('SOA_BROKER_FAILED', `docker ${args[0]} failed: ${lastLine(output)}`)
  return output
}

function docker(args: readonly string[]): ReturnType<typeof command> {
  return command('docker', args, { timeoutMs: 30_000 })
}
