import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '#lib/error.ts'
import { markdownOf, recorded } from '#test/kit/measure/report.ts'
import { tell } from '#test/kit/progress.ts'
import type { Bench, Outcome } from './bench.ts'
import { cluster } from './cluster.ts'
import { type Asked, readArguments } from './command-line.ts'
import { discover } from './discover.ts'
import { enforce } from './enforce.ts'
import { exact } from './exact.ts'
import { hops } from './hops.ts'
import { limiter } from './limiter.ts'
import { machine } from './machine.ts'
import { memory } from './memory.ts'
import { proxies } from './proxies.ts'

const BENCHES: Readonly<Record<string, Bench>> = { proxies, limiter, exact, enforce, discover, hops, memory, cluster }

const root = join(import.meta.dirname, '../..')

// Every process under measurement is tidied up after on exit: many listeners, and no leak.
process.setMaxListeners(0)
// Children are killed on exit; a signal alone would not let that happen.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const asked = readArguments(process.argv.slice(2), Object.keys(BENCHES))
if ('say' in asked) {
  process.stderr.write(`${asked.say}\n`)
  process.exit(asked.status)
}
await measure(asked)

async function measure({ only, record, ...options }: Asked): Promise<void> {
  const outcomes: Outcome[] = []
  for (const name of only) {
    tell(`bench ${name} …`)
    try {
      const outcome = await (BENCHES[name] as Bench)({ ...options, tell })
      outcomes.push(outcome)
      process.stdout.write(`${markdownOf(outcome.report)}\n`)
    } catch (error) {
      // The others are still worth their minutes.
      tell(`bench ${name} could not measure: ${reasonOf(error)}`)
      process.exitCode = 1
    }
  }
  if (outcomes.length === 0) return
  keep(outcomes)
  if (record) recordIn(join(root, 'docs/performance.md'), outcomes)
}

function keep(outcomes: readonly Outcome[]): void {
  const folder = join(root, '.soaplane/bench')
  mkdirSync(folder, { recursive: true })
  const at = new Date().toISOString()
  const file = join(folder, `${at.replaceAll(':', '-')}.json`)
  writeFileSync(file, `${JSON.stringify({ at, machine: machine(), outcomes }, undefined, 2)}\n`)
  tell(`results are in ${file}`)
}

function recordIn(file: string, outcomes: readonly Outcome[]): void {
  let document = readFileSync(file, 'utf8')
  for (const { report } of outcomes) {
    document = recorded(document, report.name, `${markdownOf(report)}\n${machine()}`)
  }
  writeFileSync(file, document)
  tell(`recorded in ${file}`)
}
