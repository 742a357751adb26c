import { systemClock } from '#lib/clock.ts'
import { main } from '#lib/main.ts'
import { settings } from './config.ts'
import { controller } from './parts.ts'

await main(
  'controller',
  settings,
  async (config, env) => (await controller(config, { ...env, clock: systemClock })).parts,
)
