import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

/** One deployable in a process of its own, as in a cluster: it can be killed and started again on its port. */
export interface Deployable {
  readonly url: string
  readonly start: () => Promise<void>
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  readonly pid: () => number
  /** How it ended, with its last lines; undefined while it runs. */
  readonly ended: () => string | undefined
  /** Each line of its log so far, parsed. */
  readonly log: () => readonly Readonly<Record<string, unknown>>[]
}

const root = join(import.meta.dirname, '../..')

// The young generation grows to 134 MB by default when a burst comes, such as a first full list, and stays there.
// As the image sets it; the bus, through which much passes and little stays, is given more by the chart.
const SEMI_SPACE_MB = 4

export interface Starting {
  readonly control?: string
  readonly started?: string
  readonly semiSpaceMb?: number
}

/** `main` is the entry point from the root; `control` names the port flag whose /readyz tells that it serves. */
export async function deployable(
  main: string,
  flags: Readonly<Record<string, string>>,
  { control = 'port', started = '/readyz', semiSpaceMb = SEMI_SPACE_MB }: Starting = {},
): Promise<Deployable> {
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-process-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = Object.entries({ host: '127.0.0.1', ...flags, [control]: String(port) }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ])
  let child: Child | undefined
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return {
    url,
    pid: () => child?.pid ?? 0,
    ended: () => child?.ended(),
    log: () => linesOf(join(folder, 'log')),
    async start() {
      const own = startChild(process.execPath, [`--max-semi-space-size=${semiSpaceMb}`, join(root, main), ...args], {
        logFile: join(folder, 'log'),
      })
      child = own
      await eventually(
        async () => {
          const ended = own.ended()
          if (ended !== undefined) throw new Error(ended)
          const response = await fetch(`${url}${started}`)
          if (!response.ok) throw new Error(`${main} ${started}: ${await response.text()}`)
        },
        { timeoutMs: 20_000 },
      )
    },
    kill: (signal = 'SIGKILL') => child?.kill(signal) ?? Promise.resolve(),
  }
}

function linesOf(file: string): readonly Record<string, unknown>[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => (line.startsWith('{') ? JSON.parse(line) : { msg: line }))
}
