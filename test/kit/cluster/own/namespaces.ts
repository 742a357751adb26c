import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Child, startChild } from '../../child.ts'
import { eventually } from '../../eventually.ts'
import { tell } from '../../progress.ts'
import { createCgroup } from './cgroup.ts'
import { keep } from './keeper.ts'
import { livingPid, markOf } from './mark.ts'

const PREFIX = 'soaplane-node-'
const INIT = join(import.meta.dirname, 'init.sh')

/** A process that, with all it starts and mounts, lives in namespaces of its own. */
export interface Enclosed {
  /** Its state; a control group has the same name. */
  readonly folder: string
  readonly initPid: number
  /** The name for the machine's end of a wire; whoever lays it need not remove it. */
  readonly link: string
  readonly ended: () => string | undefined
  /** Leaves nothing; happens by itself when this process dies. */
  readonly stop: () => Promise<void>
}

/** A folder whose name is free as a control group's too, marked as this process's. */
export function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), PREFIX))
  writeFileSync(join(folder, 'owner'), markOf(process.pid))
  createCgroup(basename(folder))
  return folder
}

export async function startEnclosed(
  folder: string,
  command: readonly string[],
  { network }: { network: boolean },
): Promise<Enclosed> {
  const link = `soa-${basename(folder).slice(PREFIX.length)}`
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', ...(network ? ['--net'] : [])]
  // A session of its own: Ctrl-C ends the test run, which then ends the node in order.
  const child = startChild('setsid', ['unshare', ...namespaces, '--', 'bash', INIT, folder, ...command], {
    logFile: join(folder, 'log'),
  })
  const initPid = await eventually(() => childOf(child), { timeoutMs: 10_000 })
  const stop = keep({ folder, initPid, link })
  writeFileSync(join(folder, 'init'), markOf(initPid))
  return { folder, initPid, link, ended: child.ended, stop }
}

function childOf(child: Child): number | false {
  const ended = child.ended()
  if (ended !== undefined) throw new Error(ended)
  return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()) || false
}

/** Takes away what runs left that were killed together with their keepers. */
export async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name)
    if (livingPid(markIn(folder, 'owner')) !== undefined) continue
    tell(`Removing what a killed run left in ${folder}`)
    const link = `soa-${name.slice(PREFIX.length)}`
    // A run beside this one may be sweeping too: what is left over then is for the next.
    await keep({ folder, initPid: livingPid(markIn(folder, 'init')) ?? 0, link })().catch((error) =>
      tell(error.message),
    )
  }
}

function markIn(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch {
    return '0 0'
  }
}
