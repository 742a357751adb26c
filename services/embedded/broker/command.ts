import { spawn } from 'node:child_process'

export interface CommandResult {
  readonly ok: boolean
  readonly output: string
}

export interface CommandOptions {
  readonly timeoutMs: number
  readonly env?: NodeJS.ProcessEnv
  /** Ends the command when nobody waits for it any more. */
  readonly signal?: AbortSignal
}

/** Runs a command to its end; a command that is missing, fails or takes too long gives `ok: false` with what it said. */
export function command(
  file: string,
  args: readonly string[],
  { timeoutMs, env = process.env, signal }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal }) })
    let output = ''
    const deadline = setTimeout(() => {
      output += `\nno end after ${timeoutMs / 1_000} s`
      child.kill('SIGKILL')
    }, timeoutMs)
    const hear = (text: string) => {
      output += text
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    child.on('error', (error) => done(false, error.message))
    child.on('close', (code) => done(code === 0))

    function done(ok: boolean, more = ''): void {
      clearTimeout(deadline)
      resolve({ ok, output: (output + more).trim() })
    }
  })
}

/** The last line of an output: where most programs say why. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? ''
}

/** The line of an output that says why: one marked as an error, as RabbitMQ does amid its traces; else the last. */
export function reasonIn(output: string): string {
  return /^ERROR: (.+)$/m.exec(output)?.[1] ?? lastLine(output)
}
