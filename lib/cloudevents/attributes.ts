/** What an event says of itself. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes */
export type Attributes = Readonly<Record<string, string | number | boolean>>

export type Checked = { readonly attributes: Attributes } | { readonly fault: string }

const REQUIRED = ['specversion', 'id', 'source', 'type'] as const
/** Those of the specification: text that is not empty. Extensions may be anything. */
const TEXTS = [...REQUIRED, 'datacontenttype', 'dataschema', 'subject', 'time'] as const
const NAME = /^[a-z0-9]+$/
const MAX_INTEGER = 2 ** 31
// RFC 3339: what Date reads is more, and not the same everywhere.
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i

/** Holds what was found against the rules; what is null is not there. The fault names the attribute, never its value. */
export function checked(found: Readonly<Record<string, unknown>>): Checked {
  const attributes: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(found)) {
    if (value === null || value === undefined) continue
    if (!NAME.test(name)) return { fault: `${shortened(name)}: attributes have names of a-z and 0-9` }
    if (!isValue(value)) return { fault: `${shortened(name)}: must be text, a boolean or an integer of 32 bits` }
    attributes[name] = value
  }
  const missing = REQUIRED.find((name) => !(name in attributes))
  if (missing !== undefined) return { fault: `${missing}: is missing` }
  const wrong = TEXTS.find((name) => name in attributes && !isText(attributes[name]))
  if (wrong !== undefined) return { fault: `${wrong}: must be text that is not empty` }
  if (attributes.specversion !== '1.0') return { fault: 'specversion: only 1.0 is known' }
  if (attributes.time !== undefined && !isTime(attributes.time as string))
    return { fault: 'time: must be a time of RFC 3339' }
  return { attributes }
}

function isValue(value: unknown): value is string | number | boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= -MAX_INTEGER && value < MAX_INTEGER
  return typeof value === 'string' || typeof value === 'boolean'
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isTime(text: string): boolean {
  return TIME.test(text) && !Number.isNaN(Date.parse(text))
}

function shortened(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name
}
