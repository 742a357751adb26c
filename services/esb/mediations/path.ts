import { ExpressionError } from '#lib/expression.ts'
import type { Workshop } from './stage.ts'
import { compileText, type Text } from './template.ts'

const MAX_PATH_BYTES = 8_192
// What an expression gave as nothing: no path has it, since what is encoded has no control characters.
const NOTHING = '\0'
const NOT_IN_A_PATH = /[^\x21-\x7e]/gu

/**
 * A template of path and query. What an expression gives stays within its place: it is percent-encoded, and it may neither
 * be an empty segment nor a dot segment, by which `/users/{% id %}` would name all users, or something above them.
 */
export function compilePath(template: string, workshop: Workshop): Text {
  return compileText(template, { what: 'The path', encode, maxBytes: MAX_PATH_BYTES, finish: sound }, workshop)
}

function encode(text: string): string {
  return text === '' ? NOTHING : encodeURIComponent(text.toWellFormed())
}

function sound(filled: string): string {
  const [path = ''] = filled.split('?', 1)
  if (path.includes(NOTHING)) throw new ExpressionError('Failed', `A part of the path is empty: ${shown(filled)}`)
  if (path.split('/').some((segment) => segment === '.' || segment === '..'))
    throw new ExpressionError('Failed', `The path leads elsewhere: ${shown(filled)}`)
  const whole = filled.replaceAll(NOTHING, '')
  if (!whole.startsWith('/') || whole.includes('#'))
    throw new ExpressionError('Failed', `This is no path of a request: ${shown(whole)}`)
  return whole.toWellFormed().replace(NOT_IN_A_PATH, encodeURIComponent)
}

function shown(path: string): string {
  return path.replaceAll(NOTHING, '').slice(0, 128)
}
