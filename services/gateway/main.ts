import { systemClock } from '#lib/clock.ts'
import { main } from '#lib/main.ts'
import { settings } from './config.ts'
import { gateway } from './parts.ts'

await main('gateway', settings, (config, env) => gateway(config, { ...env, clock: systemClock }).parts)
