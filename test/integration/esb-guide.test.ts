import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { serverFiles } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'
import { asToldIn, guideSteps } from '#test/kit/guide.ts'
import { pythonWith } from '#test/kit/python.ts'
import { startUp, type Up } from '#test/kit/up.ts'

// The guide, as a reader follows it: files are written, commands are typed, and what they print is compared.
const GUIDE = join(import.meta.dirname, '../../docs/patterns/esb.md')
await serverFiles()
const python = await pythonWith({ name: 'pika', version: '1.4.4', debian: 'python3-pika' })

const MINUTES = 60_000

it(
  'every command of the guide answers as the guide says',
  async () => {
    const up = await startUp({ broker: 'debian' })
    await up.ready()
    const reader = readerAt(up)
    onTestFinished(reader.leave)
    for (const step of guideSteps(readFileSync(GUIDE, 'utf8'))) {
      if (step.kind === 'file') await reader.write(step.path, step.text)
      else if (step.command.endsWith(' &')) reader.leaveRunning(step.command)
      else await reader.type(step.command, step.output)
    }
  },
  4 * MINUTES,
)

/** Ports of the guide, and those that this run has for them. */
const PORTS = { 8080: 'gateway', 8083: 'esb', 5672: 'rabbit' } as const

function readerAt(up: Up) {
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-reader-'))
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const shell = { cwd: folder, env: { ...process.env, ...python.env, PATH: path } }
  const running: ChildProcess[] = []
  const here = (text: string) =>
    text
      .replace(/\b(8080|8083|5672)\b/g, (port) => new URL(up.url(PORTS[port as unknown as keyof typeof PORTS])).port)
      .replace(/^python3 /, `${python.command} `)

  function printed(command: string): Promise<string> {
    const child = spawn('bash', ['-c', here(command)], { ...shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    return new Promise((resolve) => child.once('close', () => resolve(output)))
  }

  async function type(command: string, expected: readonly string[]): Promise<void> {
    const once = async () => expect(asToldIn(expected, await printed(command)), command).toEqual(expected)
    // What only looks is typed again until it shows what is on its way; what sends is typed once.
    await (command.includes('-X POST') ? once() : eventually(once, { timeoutMs: 30_000, everyMs: 200 }))
  }

  return {
    type,
    async write(file: string, text: string): Promise<void> {
      const own = /^\.soaplane\/resources\/(.+)$/.exec(file)?.[1]
      if (own !== undefined) await up.write(own, text)
      else writeFileSync(join(folder, file), here(text))
    },
    leaveRunning(command: string): void {
      // In place of the shell: to end it is to end the command.
      running.push(spawn('bash', ['-c', `exec ${here(command.slice(0, -2))}`], { ...shell, stdio: 'ignore' }))
    },
    leave(): void {
      for (const child of running) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
