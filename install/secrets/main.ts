import { randomInt } from 'node:crypto'
import { readConfig } from '#lib/config.ts'
import { reasonOf } from '#lib/error.ts'
import { createKube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { settings } from './config.ts'
import { make } from './make.ts'

/** What an installation without Helm begins with: the Secrets that no manifest may hold, made once and left alone. */
try {
  const { namespace, secrets, kubeconfig } = readConfig('secrets', settings, process.argv.slice(2), process.env)
  const kube = await createKube({ kubeconfig, metrics: createMetrics({ process: false }) })
  for (const wanted of secrets) {
    const made = await make(kube, namespace, wanted, alphanumeric)
    process.stdout.write(`Secret ${namespace}/${wanted.name} ${made ? 'made' : 'is there'}\n`)
  }
  await kube.close()
} catch (error) {
  process.stderr.write(`secrets: ${reasonOf(error)}\n`)
  process.exitCode = 1
}

// Letters and digits need no escape in an URL or in a file of Erlang.
function alphanumeric(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}
