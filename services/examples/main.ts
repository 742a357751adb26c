import { main } from '#lib/main.ts'
import { settings } from './config.ts'
import { examples } from './parts.ts'

await main('examples', settings, (config, env) => examples(config, env).parts)
