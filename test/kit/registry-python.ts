import { type Python, pythonWith } from './python.ts'

export type { Python } from './python.ts'

/** A Python that can `import requests`. */
export function pythonWithRequests(): Promise<Python> {
  return pythonWith({ name: 'requests', version: '2.32.5', debian: 'python3-requests' })
}
