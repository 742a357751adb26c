import type { ErrorObject } from 'ajv/dist/2020.js'

const MAX_SHOWN = 3
const MAX_CHARS = 500
const MAX_VALUES_CHARS = 120

/** The first few of what ajv found, as `field: message; field: message`. */
export function said(errors: readonly ErrorObject[]): string {
  const told = [...new Set(errors.map(sentenceOf))].slice(0, MAX_SHOWN)
  return oneLine(told.join('; '))
}

function sentenceOf({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): string {
  const field = fieldOf(instancePath)
  return `${field === '' ? '' : `${field}: `}${message}${detailOf(keyword, params)}`
}

/** `/lines/0/a~1b` → `lines.0.a/b` */
function fieldOf(pointer: string): string {
  return pointer.slice(1).split('/').map(unescaped).join('.')
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** What ajv keeps beside its message. */
function detailOf(keyword: string, params: Readonly<Record<string, unknown>>): string {
  switch (keyword) {
    case 'additionalProperties':
      return ` (${params.additionalProperty})`
    case 'unevaluatedProperties':
      return ` (${params.unevaluatedProperty})`
    case 'enum':
      return ` (${shortened(JSON.stringify(params.allowedValues).slice(1, -1), MAX_VALUES_CHARS)})`
    case 'const':
      return ` (${shortened(JSON.stringify(params.allowedValue), MAX_VALUES_CHARS)})`
    default:
      return ''
  }
}

export function oneLine(message: string): string {
  return shortened(message.replaceAll(/\s+/g, ' ').trim(), MAX_CHARS)
}

function shortened(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
}
