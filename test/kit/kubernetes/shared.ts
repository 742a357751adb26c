import type { TestProject } from 'vitest/node'
import { startApiServer } from '../apiserver.ts'

declare module 'vitest' {
  interface ProvidedContext {
    apiServer: { readonly kubeconfigPath: string; readonly url: string; readonly token: string }
  }
}

/** Global set-up of the integration project: one API server for all its files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { kubeconfigPath, url, token, stop } = await startApiServer()
  project.provide('apiServer', { kubeconfigPath, url, token })
  return stop
}
