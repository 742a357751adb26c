import { type ConfigOf, oneOf, type Setting, text, whole } from '#lib/config.ts'
import { EXAMPLES } from './parts.ts'

const names = EXAMPLES.map(({ name }) => name)

const which: Setting<readonly string[]> = {
  env: 'SOAPLANE_EXAMPLES',
  about: `which to run, separated by commas (${names.join(', ')})`,
  fallback: names,
  parse(value) {
    const asked = value.split(',').map((name) => name.trim())
    const unknown = asked.filter((name) => !names.includes(name))
    if (unknown.length > 0) throw new Error(`no such example: ${unknown.join(', ')}; there are ${names.join(', ')}`)
    return asked
  },
}

export const settings = {
  run: which,
  host: text('SOAPLANE_HOST', '0.0.0.0', 'address to listen on'),
  port: whole(
    'SOAPLANE_EXAMPLES_PORT',
    5001,
    'port of the first, one more for each of the next; 0 lets the system choose',
    [0, 65_000],
  ),
  logLevel: oneOf('SOAPLANE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info', 'least level to log'),
} as const

export type ExamplesConfig = Pick<ConfigOf<typeof settings>, 'run' | 'host' | 'port'>
