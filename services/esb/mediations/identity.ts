import { createHash } from 'node:crypto'

// AMQP's short string: a message id, and a routing key, takes no more.
export const MAX_SHORT_BYTES = 255

/** The id of what comes of a message: readable while it is short, and always the same for the same message and place. */
export function childId(parent: string, route: string, place: string, index?: number): string {
  const suffix = index === undefined ? `/${route}/${place}` : `/${route}/${place}/${index}`
  if (fits(parent + suffix)) return parent + suffix
  const short = `${digest(parent)}${suffix}`
  return fits(short) ? short : digest(parent + suffix)
}

/** The id of a group: of the same members, however they arrived, the same. */
export function groupId(members: readonly string[]): string {
  return `group-${digest(members.toSorted().join('\n'))}`
}

/** Text as it is while it is short, else a name for it. */
export function shortened(text: string): string {
  return fits(text) ? text : digest(text)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40)
}

function fits(text: string): boolean {
  // A character takes at most three bytes for each of its units.
  return text.length * 3 <= MAX_SHORT_BYTES || Buffer.byteLength(text) <= MAX_SHORT_BYTES
}
