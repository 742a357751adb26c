import { spawn } from 'node:child_process'
import { join } from 'node:path'

const SCRIPT = join(import.meta.dirname, 'teardown.sh')

export interface Remains {
  /** Removed at the end; its name is that of the control group too. */
  readonly folder: string
  /** Process 1 of the namespaces, as this machine counts. */
  readonly initPid: number
  /** The machine's end of the wire to them. */
  readonly link: string
}

/**
 * Takes the node away when told, or when this process is gone without having told: a shell in a session of its own waits
 * for the end of a pipe that only this process holds.
 */
export function keep({ folder, initPid, link }: Remains): () => Promise<void> {
  const keeper = spawn('sh', [SCRIPT, folder, String(initPid), link], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let complaint = ''
  keeper.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const gone = new Promise<void>((resolve, reject) => {
    keeper.on('error', reject)
    keeper.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`node not taken down: ${complaint}`))))
  })
  // Whoever never asks is not told either.
  gone.catch(() => {})
  return () => {
    keeper.stdin.end()
    return gone
  }
}
