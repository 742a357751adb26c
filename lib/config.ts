import { Command, InvalidArgumentError, Option } from 'commander'
import { SoaError } from './error.ts'

/** One setting: its environment variable, flag, default and parser. */
export interface Setting<T> {
  readonly env: string
  readonly about: string
  readonly fallback: T
  /** Turns text into the value; throws with the reason when it cannot. */
  readonly parse: (text: string) => T
}

export type Settings = Readonly<Record<string, Setting<unknown>>>
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

export function text<const T extends string | undefined>(env: string, fallback: T, about: string): Setting<string | T> {
  return { env, about, fallback, parse: (value) => value }
}

export function whole(
  env: string,
  fallback: number,
  about: string,
  range: readonly [min: number, max: number],
): Setting<number> {
  const [min, max] = range
  return {
    env,
    about,
    fallback,
    parse(value) {
      const number = Number(value)
      if (!Number.isInteger(number) || number < min || number > max) {
        throw new Error(`must be a whole number from ${min} to ${max}`)
      }
      return number
    },
  }
}

/** A TCP port; 0 lets the system choose. */
export function port(env: string, fallback: number, about: string): Setting<number> {
  return whole(env, fallback, about, [0, 65_535])
}

export function oneOf<const T extends string>(
  env: string,
  choices: readonly T[],
  fallback: T,
  about: string,
): Setting<T> {
  return {
    env,
    about: `${about} (${choices.join(' | ')})`,
    fallback,
    parse(value) {
      const choice = choices.find((each) => each === value)
      if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}`)
      return choice
    },
  }
}

export function flag(env: string, fallback: boolean, about: string): Setting<boolean> {
  return {
    env,
    about,
    fallback,
    parse(value) {
      if (['true', '1', 'yes', 'on'].includes(value)) return true
      if (['false', '0', 'no', 'off'].includes(value)) return false
      throw new Error('must be true or false')
    },
  }
}

/** Comma-separated texts. */
export function list(env: string, fallback: readonly string[], about: string): Setting<readonly string[]> {
  return {
    env,
    about,
    fallback,
    parse: (value) =>
      value
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
  }
}

export function httpUrl<const T extends string | undefined>(
  env: string,
  fallback: T,
  about: string,
): Setting<string | T> {
  return {
    env,
    about,
    fallback,
    parse(value) {
      if (!/^https?:$/.test(URL.parse(value)?.protocol ?? '')) throw new Error('must be an http or https URL')
      return value.replace(/\/$/, '')
    },
  }
}

/** Reads flags over environment over defaults; `--help` prints all and exits. Throws SOA_CONFIG_INVALID that names the setting. */
export function readConfig<const S extends Settings>(
  program: string,
  settings: S,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigOf<S> {
  const command = new Command(program).allowExcessArguments(false).helpOption('-h, --help', 'print this and exit')
  for (const [key, setting] of Object.entries(settings)) {
    const option = new Option(`--${dashed(key)} <value>`, `${setting.about} [env ${setting.env}]`)
    if (setting.fallback !== undefined) option.default(setting.fallback, String(setting.fallback) || '""')
    command.addOption(option.argParser((value) => parsed(setting, value)))
  }
  command.exitOverride((error) => {
    if (error.code === 'commander.helpDisplayed') process.exit(0)
    throw new SoaError('SOA_CONFIG_INVALID', error.message.replace(/^error: /, ''))
  })
  command.configureOutput({ writeErr: () => {} })
  command.parse([...argv], { from: 'user' })
  const values: Record<string, unknown> = { ...command.opts() }
  for (const [key, setting] of Object.entries(settings)) {
    const fromEnv = env[setting.env]
    if (fromEnv === undefined || fromEnv === '' || command.getOptionValueSource(key) === 'cli') continue
    try {
      values[key] = setting.parse(fromEnv)
    } catch (error) {
      throw new SoaError('SOA_CONFIG_INVALID', `${setting.env}=${fromEnv}: ${(error as Error).message}`)
    }
  }
  return Object.fromEntries(Object.keys(settings).map((key) => [key, values[key]])) as ConfigOf<S>
}

function parsed(setting: Setting<unknown>, value: string): unknown {
  try {
    return setting.parse(value)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

function dashed(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
