import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem } from 'node:os'

const [LOAD_AT_START] = loadavg()

/** What the figures were taken on, in one line. */
export function machine(): string {
  const cores = cpus()
  const parts = [
    new Date().toISOString().slice(0, 10),
    `commit ${commit()}`,
    `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown processor'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    // Anything much above nought before the first run is somebody else's work.
    `load average at the start ${LOAD_AT_START?.toFixed(2)}`,
  ]
  return `Measured ${parts.join(', ')}.`
}

function commit(): string {
  const git = (...args: readonly string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' with changes'}`
  } catch {
    // A source archive has no history.
    return 'unknown'
  }
}
