/** A record of the log as one line for a person: `21:03:17 WARN  controller  Document refused  file=a.yaml document=2`. */
export function textOf({ level, time, service, msg, ...fields }: Readonly<Record<string, unknown>>): string {
  const clock = String(time).slice(11, 19)
  const told = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`)
  return [`${clock} ${String(level).toUpperCase().padEnd(5)} ${service}`, msg, told.join(' ')]
    .filter(Boolean)
    .join('  ')
}

// For the eye, not for a parser: quotes within stay as they are, only what would break the line is escaped.
function shown(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? String(value)
  if (/^[^\s"=]+$/.test(value)) return value
  return /\p{Cc}/u.test(value) ? JSON.stringify(value) : `"${value}"`
}
