import { main } from '#lib/main.ts'
import { settings } from './config.ts'
import { embedded } from './parts.ts'
import { refuseTakenPorts } from './ports.ts'

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main('soaplane', settings, async (config, env) => {
  await refuseTakenPorts(config)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => say('Stopping ...'))
  return embedded(config, env, say)
})
