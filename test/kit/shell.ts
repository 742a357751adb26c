import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run } from './cluster/command.ts'
import { tool } from './kubectl.ts'

/** A shell at the repository's root, for commands as a user types them. */
export interface Shell {
  /** Runs a command to its end and gives what it printed. */
  readonly run: (command: string) => Promise<string>
  /** Starts a command that stays, and gives the first that it says. */
  readonly start: (command: string) => Promise<string>
  /** Ends what stays. */
  readonly stop: () => void
}

const ROOT = join(import.meta.dirname, '../..')
const PATIENCE_MS = 300_000

/** `kubectl` and `helm` are those of the tests, and look at this cluster. */
export function openShell(kubeconfigPath: string): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-shell-'))
  for (const name of ['kubectl', 'helm'] as const) symlinkSync(tool(name), join(folder, name))
  const env = { ...process.env, KUBECONFIG: kubeconfigPath, PATH: `${folder}${delimiter}${process.env.PATH}` }
  const staying = new Set<() => void>()

  return {
    run: async (command) =>
      (await run('bash', ['-euo', 'pipefail', '-c', command], { cwd: ROOT, env, timeoutMs: PATIENCE_MS })).trim(),
    async start(command) {
      // In place of the shell: to end it is to end the command.
      const child = spawn('bash', ['-c', `exec ${command}`], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
      const kill = () => void child.kill('SIGKILL')
      process.once('exit', kill)
      staying.add(() => {
        process.off('exit', kill)
        kill()
      })
      let complaint = ''
      child.stderr.on('data', (chunk) => {
        complaint += chunk
      })
      const ended = once(child, 'close').then(() => Promise.reject(new Error(`${command}: ${complaint}`)))
      const [said] = await Promise.race([once(child.stdout, 'data'), ended])
      ended.catch(() => {})
      return String(said)
    },
    stop() {
      for (const end of staying) end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
