import { systemClock } from '#lib/clock.ts'
import { main } from '#lib/main.ts'
import { settings } from './config.ts'
import { esb } from './parts.ts'

await main('esb', settings, (config, env) => esb(config, { ...env, clock: systemClock }).parts)
