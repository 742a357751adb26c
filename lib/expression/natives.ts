import jsonata from 'jsonata'
import { isWithin, type Weight } from '#lib/weigh.ts'

/** What one native function may take and make, and what is thrown for more. */
export interface Bounds {
  readonly weight: Weight
  /** For functions that compare each with many. */
  readonly quadraticWeight: Weight
  readonly exceeded: (what: string) => Error
}

interface Focus {
  readonly environment: { readonly timestamp: Date }
}

interface Native {
  readonly implementation: (this: Focus, ...args: unknown[]) => unknown
  readonly signature: { readonly definition: string }
}

const NAMES = [
  ...['string', 'clone', 'join', 'pad', 'distinct', 'sort', 'spread'],
  ...['now', 'fromMillis', 'formatNumber', 'formatInteger'],
] as const

type Name = (typeof NAMES)[number]

// JSONata gives its definitions as values, the only way to them.
const found: readonly Native[] = await jsonata(`[${NAMES.map((name) => `$${name}`).join(', ')}]`).evaluate(null)
const natives = Object.fromEntries(NAMES.map((name, i) => [name, found[i]])) as Readonly<Record<Name, Native>>

const MAX_WIDTH = 10_000
const MAX_PICTURE_CHARS = 200

/**
 * JSONata's functions that write out what is shared, or take a size from their arguments, with a bound. A heap that is spent
 * by degrees ends a worker alone; one that a single array of a billion places is asked of ends the process.
 *
 * They keep the parameters of those they stand for: JSONata reads how many there are, and their names.
 */
function boundNatives(bounds: Bounds): Readonly<Record<Name, (this: Focus, ...args: never[]) => unknown>> {
  const { weight, quadraticWeight, exceeded } = bounds

  function within(name: string, value: unknown, most: Weight = weight): void {
    if (!isWithin(value, most)) throw exceeded(`what $${name} is given`)
  }

  function checkPicture(name: string, picture: unknown): void {
    // `[Y,99999999]`: a width.
    if (typeof picture === 'string' && (picture.length > MAX_PICTURE_CHARS || /\d{5}/.test(picture)))
      throw exceeded(`the picture of $${name}`)
  }

  return {
    string(value: unknown, prettify: unknown = undefined) {
      if (typeof value === 'object') within('string', value)
      return natives.string.implementation.call(this, value, prettify)
    },
    clone(value: unknown) {
      within('clone', value)
      return natives.clone.implementation.call(this, value)
    },
    join(texts: readonly string[] | undefined, separator: string | undefined) {
      within('join', texts)
      if ((texts?.length ?? 0) * (separator?.length ?? 0) > weight.maxChars) throw exceeded('what $join gives')
      return natives.join.implementation.call(this, texts, separator)
    },
    pad(text: string | undefined, width: number, char: string | undefined) {
      if (Math.abs(width) * Math.max(1, char?.length ?? 1) > MAX_WIDTH) throw exceeded('the width of $pad')
      return natives.pad.implementation.call(this, text, width, char)
    },
    distinct(values: unknown) {
      within('distinct', values, quadraticWeight)
      return natives.distinct.implementation.call(this, values)
    },
    sort(values: unknown, comparator: unknown) {
      within('sort', values, quadraticWeight)
      return natives.sort.implementation.call(this, values, comparator)
    },
    spread(value: unknown) {
      within('spread', value, quadraticWeight)
      return natives.spread.implementation.call(this, value)
    },
    /** Of the evaluation that asks: JSONata's own is that of the expression's latest. */
    now(picture: unknown, timezone: unknown) {
      checkPicture('now', picture)
      return natives.fromMillis.implementation.call(this, this.environment.timestamp.getTime(), picture, timezone)
    },
    fromMillis(millis: unknown, picture: unknown, timezone: unknown) {
      checkPicture('fromMillis', picture)
      return natives.fromMillis.implementation.call(this, millis, picture, timezone)
    },
    formatNumber(value: unknown, picture: unknown, options: unknown) {
      checkPicture('formatNumber', picture)
      return natives.formatNumber.implementation.call(this, value, picture, options)
    },
    formatInteger(value: unknown, picture: unknown) {
      checkPicture('formatInteger', picture)
      return natives.formatInteger.implementation.call(this, value, picture)
    },
  }
}

/** Puts the bound functions that an expression names in the place of JSONata's. */
export function bind(expression: jsonata.Expression, mentioned: ReadonlySet<string>, bounds: Bounds): void {
  const bound = boundNatives(bounds)
  for (const name of NAMES)
    if (mentioned.has(name))
      expression.registerFunction(name, bound[name] as (this: unknown) => unknown, natives[name].signature.definition)
}
