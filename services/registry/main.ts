import { systemClock } from '#lib/clock.ts'
import { main } from '#lib/main.ts'
import { settings } from './config.ts'
import { registry } from './parts.ts'

await main('registry', settings, async (config, env) => (await registry(config, { ...env, clock: systemClock })).parts)
