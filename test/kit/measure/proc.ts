/** Processor time from the text of /proc/<pid>/stat (proc(5)); the command's name may hold spaces and parentheses. */
export function cpuMsOf(stat: string, ticksPerSecond: number): number {
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  if (utime === undefined || stime === undefined || Number.isNaN(utime + stime)) {
    throw new Error(`No processor times in "${stat.trim()}"`)
  }
  return ((utime + stime) * 1_000) / ticksPerSecond
}

/** A size such as VmRSS from the text of /proc/<pid>/status, in bytes. */
export function sizeOf(status: string, field: string): number {
  const [, kilobytes] = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status) ?? []
  if (kilobytes === undefined) throw new Error(`No ${field} in the status of the process`)
  return Number(kilobytes) * 1_024
}
