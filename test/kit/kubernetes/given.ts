import { inject } from 'vitest'
import { type ApiServer, startApiServer } from '../apiserver.ts'

/** The run's API server; where the run has none (a file run by itself), one for this file. */
export async function theApiServer(): Promise<ApiServer> {
  const shared = inject('apiServer')
  return shared ? { ...shared, stop: async () => {} } : startApiServer()
}
