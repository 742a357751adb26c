import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SoaError } from '#lib/error.ts'
import { command } from './command.ts'

const PID_FILE = 'pid'

/** Two nodes in one data folder would destroy it: the pid of the one that has it is kept there. */
export async function refuseIfInUse(dir: string): Promise<void> {
  const pid = Number(await readFile(join(dir, PID_FILE), 'utf8').catch(() => ''))
  if (pid > 0 && (await isRabbit(pid))) {
    throw new SoaError(
      'SOA_BROKER_FAILED',
      `Another RabbitMQ (pid ${pid}) uses ${dir}: stop it or choose another folder`,
    )
  }
}

export function claim(dir: string, pid: number): Promise<void> {
  return writeFile(join(dir, PID_FILE), String(pid))
}

/** Whether that process lives and is a RabbitMQ: pids are given anew, after a reboot to anybody. */
async function isRabbit(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: somebody else's process, which may be one all the same.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return (await commandLine(pid)).includes('rabbitmq')
}

/** From /proc on Linux, where `ps` need not be installed; from `ps` elsewhere. */
async function commandLine(pid: number): Promise<string> {
  const ofProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  return ofProc ?? (await command('ps', ['-o', 'args=', '-p', String(pid)], { timeoutMs: 5_000 })).output
}
