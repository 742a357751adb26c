import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readWrk, type WrkReport } from '#test/kit/measure/wrk-report.ts'
import { CORES } from './cores.ts'
import { needs } from './tools.ts'

const SCRIPT = join(import.meta.dirname, 'load.lua')
export const CONNECTIONS = 64

/** Runs wrk against all routes in turn, on the core that is not measured; ends by itself, and by force soon after. */
export async function load(url: string, { seconds, routes }: { seconds: number; routes: number }): Promise<WrkReport> {
  const wrk = await needs('wrk')
  const asked = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', SCRIPT, url, '--', String(routes)]
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(CORES.rest), wrk, ...asked], {
    timeout: (seconds + 20) * 1_000,
    killSignal: 'SIGKILL',
  })
  return readWrk(stdout)
}
