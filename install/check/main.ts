import { readConfig } from '#lib/config.ts'
import { reasonOf } from '#lib/error.ts'
import { settings } from './config.ts'
import { outcomes } from './run.ts'

/** What `helm test` runs: proves from inside of the cluster that an installation does its work. A line for each check. */
try {
  const config = readConfig('check', settings, process.argv.slice(2), process.env)
  for await (const { name, ok, saw } of outcomes(config)) {
    process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name}: ${saw}\n`)
    if (!ok) process.exitCode = 1
  }
} catch (error) {
  process.stderr.write(`check: ${reasonOf(error)}\n`)
  process.exitCode = 1
}
