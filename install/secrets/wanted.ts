/** A Secret that must be there: random values by their length, and texts in which {key} stands for one of them. */
export interface Wanted {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly random: Readonly<Record<string, number>>
  readonly text: Readonly<Record<string, string>>
}

export function parseWanted(json: string): readonly Wanted[] {
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list) || !list.every(isWanted)) throw new Error('must be a list of {name, labels, random, text}')
  return list
}

/** The values of a Secret; `secretOf` gives a random text of a length. */
export function valuesOf({ random, text }: Wanted, secretOf: (length: number) => string): Record<string, string> {
  const secrets = Object.fromEntries(Object.entries(random).map(([key, length]) => [key, secretOf(length)]))
  const filled = (value: string) => value.replace(/\{([\w-]+)\}/g, (whole, key) => secrets[key] ?? whole)
  return { ...secrets, ...Object.fromEntries(Object.entries(text).map(([key, value]) => [key, filled(value)])) }
}

function isWanted(value: unknown): value is Wanted {
  const { name, labels, random, text } = (value ?? {}) as Record<string, unknown>
  const areAll = (map: unknown, type: string) =>
    typeof map === 'object' && map !== null && Object.values(map).every((each) => typeof each === type)
  return typeof name === 'string' && areAll(labels, 'string') && areAll(random, 'number') && areAll(text, 'string')
}
