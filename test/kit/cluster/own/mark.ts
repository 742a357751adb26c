import { readFileSync } from 'node:fs'

/** A process as it can be told from a later one of the same id: its id and when it began. */
export function markOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name before the last parenthesis may hold blanks; the begin is the 22nd field, the 20th after it.
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return `${pid} ${began}`
}

/** The id, while that very process lives. */
export function livingPid(mark: string): number | undefined {
  const pid = Number(mark.split(' ')[0])
  try {
    return markOf(pid) === mark ? pid : undefined
  } catch {
    return undefined
  }
}
