/** What one run of wrk says, in the words of load.lua. */
export interface WrkReport {
  readonly requests: number
  readonly seconds: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Answers of 400 and up, and requests that got none. */
  readonly failed: number
}

const MARK = 'soaplane-bench '

/** Reads the line that load.lua prints at the end; throws with the whole output when there is none. */
export function readWrk(output: string): WrkReport {
  const line = output.split('\n').find((each) => each.startsWith(MARK))
  if (line === undefined) throw new Error(`wrk told no result:\n${output}`)
  const told = JSON.parse(line.slice(MARK.length)) as Record<string, number>
  const field = (name: string): number => {
    const value = told[name]
    if (typeof value !== 'number') throw new Error(`wrk told no ${name}: ${line}`)
    return value
  }
  const seconds = field('duration_us') / 1e6
  return {
    requests: field('requests'),
    seconds,
    requestsPerSecond: field('requests') / seconds,
    p50Ms: field('p50_us') / 1e3,
    p99Ms: field('p99_us') / 1e3,
    maxMs: field('max_us') / 1e3,
    failed: ['connect', 'read', 'write', 'status', 'timeout'].reduce((sum, name) => sum + field(name), 0),
  }
}
