import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { eventually } from './eventually.ts'
import { pythonWith } from './python.ts'

/** Programs as users of the bus have had them all along: plain pika, nothing of ours. */
export interface Pika {
  /** Sends texts with a key of `esb_exchange`, and has closed its connection when this resolves. */
  readonly send: (url: string, key: string, ...texts: readonly string[]) => Promise<string>
  /** Asks with reply_to, and gives the answer. */
  readonly ask: (url: string, key: string, text: string) => Promise<string>
  /** Consumes `<service>_queue`, bound to its key, with auto-ack; reads once this resolves. */
  readonly listen: (url: string, service: string) => Promise<PikaService>
  /** As `listen`, and answers each with `<service> has read: <text>`. */
  readonly answer: (url: string, service: string) => Promise<PikaService>
}

export interface PikaService {
  /** What it has received or answered, in order. */
  readonly texts: () => readonly string[]
  readonly stop: () => Promise<void>
}

const script = (name: string) => join(import.meta.dirname, 'pika', `${name}.py`)

export async function pika(): Promise<Pika> {
  const python = await pythonWith({ name: 'pika', version: '1.4.4', debian: 'python3-pika' })
  const service = (name: string) => (url: string, queue: string) =>
    running(queue, (logFile) => startChild(python.command, [script(name), url, queue], { logFile, env: python.env }))
  return {
    send: (url, key, ...texts) => python.run(script('send'), url, key, ...texts),
    ask: async (url, key, text) => (await python.run(script('ask'), url, key, text)).trim(),
    listen: service('listen'),
    answer: service('answer'),
  }
}

async function running(service: string, start: (logFile: string) => Child): Promise<PikaService> {
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-pika-'))
  const logFile = join(folder, 'log')
  const child = start(logFile)
  const lines = () => readFileSync(logFile, 'utf8').split('\n')
  async function stop(): Promise<void> {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await eventually(
      () => {
        const ended = child.ended()
        return ended !== undefined || lines().includes(`waiting on ${service}_queue`)
      },
      { timeoutMs: 20_000 },
    )
    const ended = child.ended()
    if (ended !== undefined) throw new Error(ended)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    texts: () => lines().flatMap((line) => /^(?:received|answered) (.*)$/.exec(line)?.[1] ?? []),
    stop,
  }
}
