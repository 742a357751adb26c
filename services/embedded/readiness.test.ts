import { describe, expect, it } from 'vitest'
import type { ServiceObject } from '#controller/api/objects.ts'
import { notReady, reasonsLeft } from './readiness.ts'

const never = new AbortController().signal

function service(name: string, status?: 'True' | 'False'): ServiceObject {
  const ready = { type: 'Ready', status, reason: 'NoReplicas', message: 'No ready replica of gateway' }
  return {
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    ...(status && { status: { conditions: [ready] } }),
  } as unknown as ServiceObject
}

describe('waiting for a run', () => {
  it('ends when no reason is left', async () => {
    const reasons = [['a', 'b'], ['b'], []]
    const seen = () => reasons.shift() ?? ['asked too often']
    expect(await reasonsLeft(seen, { timeoutMs: 10_000, signal: never })).toEqual([])
  })

  it('gives what is left at the deadline, and when it is given up', async () => {
    expect(await reasonsLeft(() => ['a'], { timeoutMs: 0, signal: never })).toEqual(['a'])
    expect(await reasonsLeft(() => ['a'], { timeoutMs: 10_000, signal: AbortSignal.abort() })).toEqual(['a'])
  })

  it('tells of each object why it is not ready', () => {
    const services = [service('good', 'True'), service('bad', 'False'), service('new')]
    const keys = ['good', 'bad', 'new', 'gone'].map((name) => `Service default/${name}`)
    expect(notReady(services, keys)).toEqual([
      'Service default/bad: NoReplicas: No ready replica of gateway',
      'Service default/new: not read yet',
      'Service default/gone: not read yet',
    ])
  })
})
