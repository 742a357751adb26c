import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { needs } from './tools.ts'
import { familyOf } from './use.ts'

/** What is measured has a core to itself; all else shares the other. */
export const CORES = { measured: 0, rest: 1 } as const

export const HOW_PINNED = `The measured process is pinned to core ${CORES.measured}, backend and load generator to core ${CORES.rest} (taskset).`

export async function needTwoCores(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('This benchmark pins processes and reads /proc: it needs Linux')
  if (availableParallelism() < 2)
    throw new Error('This benchmark needs two cores: one for what it measures, one for the rest')
  await needs('taskset')
}

/** Binds a running process, its threads and its children to a core. */
export function pin(pid: number, core: number): void {
  for (const each of familyOf(pid)) {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(each)], { stdio: 'ignore' })
  }
}
