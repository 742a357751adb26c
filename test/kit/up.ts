import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { type Child, startChild } from './child.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

/** `make up` as a process of its own, on free ports and a folder of its own, as a person at a terminal has it. */
export interface Up {
  readonly pid: number
  readonly dir: string
  /** All that it has written to the terminal. */
  readonly output: () => Promise<string>
  /** Resolves once it has said what there is to try. */
  readonly ready: () => Promise<void>
  /** The line that it gives to try a pattern. */
  readonly line: (pattern: number) => Promise<string>
  /** Puts a file into the watched folder. */
  readonly write: (file: string, text: string) => Promise<void>
  readonly url: (server: keyof typeof PORTS) => string
  /** Sends the signal and gives what the process ended with: an exit code, or the name of a signal. */
  readonly end: (signal: NodeJS.Signals) => Promise<string>
  /** Gives what it ended with by itself. */
  readonly ended: () => Promise<string>
}

const PORTS = {
  gateway: 'gateway-port',
  registry: 'registry-port',
  controller: 'controller-port',
  gatewayControl: 'gateway-control-port',
  esb: 'esb-port',
  rabbit: 'amqp-port',
} as const

const MAIN = join(import.meta.dirname, '../../services/embedded/main.ts')

export async function startUp(flags: Readonly<Record<string, string>>): Promise<Up> {
  const dir = await mkdtemp(join(tmpdir(), 'soaplane-up-'))
  const folder = join(dir, 'resources')
  await mkdir(folder)
  const ports = Object.fromEntries(
    await Promise.all(Object.values(PORTS).map(async (flag) => [flag, await freePort()])),
  )
  const all = { folder, 'broker-folder': join(dir, 'rabbitmq'), ...ports, ...flags }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])
  const logFile = join(dir, 'output')
  const child = startChild(process.execPath, [MAIN, ...args], { logFile, env: { AMQP_URL: '' } })
  onTestFinished(async () => {
    // Politely: what is left of it must be gone before its folder is.
    await child.kill('SIGTERM')
    await rm(dir, { recursive: true, force: true })
  })
  const output = () => readFile(logFile, 'utf8')
  return {
    pid: child.pid,
    dir,
    output,
    ready: () => readiness(child, output),
    line: async (pattern) => lineOf(await output(), pattern),
    write: (file, text) => writeFile(join(folder, file), text),
    url: (server) => `http://127.0.0.1:${all[PORTS[server]]}`,
    async end(signal) {
      await child.kill(signal)
      return howOf(child)
    },
    ended: () => eventually(() => child.ended() !== undefined && howOf(child), { timeoutMs: 60_000 }),
  }
}

async function readiness(child: Child, output: () => Promise<string>): Promise<void> {
  await eventually(
    async () => {
      const end = child.ended()
      return end !== undefined || (await output()).includes('Your own YAML')
    },
    { timeoutMs: 100_000 },
  )
  const end = child.ended()
  if (end !== undefined) throw new Error(end)
}

function howOf(child: Child): string {
  return /ended with (\S+)/.exec(child.ended() ?? '')?.[1] ?? 'not at all'
}

function lineOf(output: string, pattern: number): string {
  const line = new RegExp(`^ +# ${pattern} .*\n +(.*)$`, 'm').exec(output)?.[1]
  if (line === undefined) throw new Error(`no line for pattern ${pattern} in:\n${output}`)
  return line
}

/** What a line prints when it is pasted into a shell; a curl's progress left out. */
export async function pasted(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-c', line])
  return stdout
}
