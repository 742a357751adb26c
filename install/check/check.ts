import type { CheckConfig } from './config.ts'

/** One promise of an installation. Resolves with what was seen; throws with what was seen in place of it. */
export interface Check {
  readonly name: string
  readonly run: (config: CheckConfig) => Promise<string>
}

export interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly saw: string
}
