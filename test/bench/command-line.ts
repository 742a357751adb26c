import { parseArgs } from 'node:util'
import type { BenchOptions } from './bench.ts'

export interface Asked extends Omit<BenchOptions, 'tell'> {
  readonly only: readonly string[]
  readonly record: boolean
}

const HELP = (names: readonly string[]) => `make bench ARGS='[--only name,…] [--record] …'
  --only     ${names.join(', ')}; all if left out
  --seconds  length of one run under load, 10
  --rounds   runs of each thing compared, the middle one is reported, 3
  --samples  changes, registrations and the like, 200
  --services the most services to measure memory with, 10000
  --record   writes the tables into docs/performance.md
Tables go to standard output, all measurements to .soaplane/bench/.`

/** What the command line asks for, or what to say instead. */
export function readArguments(
  argv: readonly string[],
  names: readonly string[],
): Asked | { readonly say: string; readonly status: 0 | 1 } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', default: names.join(',') },
        seconds: { type: 'string', default: '10' },
        rounds: { type: 'string', default: '3' },
        samples: { type: 'string', default: '200' },
        services: { type: 'string', default: '10000' },
        record: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { say: HELP(names), status: 0 }
    const only = values.only.split(',').map((name) => name.trim())
    const unknown = only.filter((name) => !names.includes(name))
    if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}: choose of ${names.join(', ')}`)
    return {
      only,
      seconds: whole('seconds', values.seconds, 120),
      rounds: whole('rounds', values.rounds, 20),
      samples: whole('samples', values.samples, 10_000),
      services: whole('services', values.services, 100_000),
      record: values.record,
    }
  } catch (error) {
    return { say: `bench: ${(error as Error).message}`, status: 1 }
  }
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > max) throw new Error(`--${name} must be from 1 to ${max}`)
  return value
}
