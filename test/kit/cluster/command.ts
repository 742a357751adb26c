import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface RunOptions {
  readonly input?: string
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs a command to its end and gives what it printed; rejects with the last that it said. */
export async function run(
  file: string,
  args: readonly string[],
  { input = '', timeoutMs = 60_000, env, cwd }: RunOptions = {},
): Promise<string> {
  const running = promisify(execFile)(file, [...args], {
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
    ...(cwd && { cwd }),
  })
  // A command that never reads its input and is gone already is judged by its end, not by this.
  running.child.stdin?.on('error', () => {})
  running.child.stdin?.end(input)
  try {
    return (await running).stdout
  } catch (error) {
    const { message, stderr, stdout, killed } = error as Error & { stderr?: string; stdout?: string; killed?: boolean }
    const said = [stderr, stdout].map((text) => text?.trim()).find(Boolean)
    const why = killed ? `no end after ${timeoutMs / 1_000} s` : (said?.split('\n').slice(-15).join('\n') ?? message)
    throw new Error(`${file} ${args.slice(0, 3).join(' ')}: ${why}`, { cause: error })
  }
}
