import { describe, expect, it } from 'vitest'
import type { Endpoint, HealthCheck } from '#lib/model/registry.ts'
import { nextHealth, type ProbeState, UNPROBED } from './state.ts'
import { verdictOf } from './verdict.ts'

describe('health by probes', () => {
  it.each([
    { outcomes: '', gives: 'unknown' },
    { outcomes: '+', gives: 'unknown' },
    { outcomes: '++', gives: 'healthy' },
    { outcomes: '+-+', gives: 'unknown' },
    { outcomes: '--', gives: 'unknown' },
    { outcomes: '---', gives: 'unhealthy' },
    { outcomes: '++--', gives: 'healthy' },
    { outcomes: '++---', gives: 'unhealthy' },
    { outcomes: '++--+--', gives: 'healthy' },
    { outcomes: '---+', gives: 'unhealthy' },
    { outcomes: '---+-+', gives: 'unhealthy' },
    { outcomes: '---++', gives: 'healthy' },
  ])('is $gives after $outcomes, two passes or three fails deciding', ({ outcomes, gives }) => {
    let state: ProbeState = UNPROBED
    for (const each of outcomes)
      state = nextHealth(state, each === '+' ? 'pass' : 'fail', { healthyAfter: 2, unhealthyAfter: 3 })
    expect(state.health).toBe(gives)
  })

  it('holds still while nothing changes', () => {
    const rules = { healthyAfter: 1, unhealthyAfter: 1 }
    const once = nextHealth(UNPROBED, 'pass', rules)
    expect(nextHealth(nextHealth(once, 'pass', rules), 'pass', rules)).toEqual(once)
  })
})

describe('the verdict on an endpoint', () => {
  const check: HealthCheck = {
    ...{ type: 'http', path: '/', intervalMs: 1, timeoutMs: 1, unhealthyAfter: 1, healthyAfter: 1 },
  }
  const endpoint: Endpoint = { instance: 'a', url: 'http://a' }
  const probe = (health: ProbeState['health']): ProbeState => ({ health, streak: 1 })

  it.each([
    { when: 'nobody says anything', evidence: {}, gives: { health: 'unknown' } },
    { when: 'Kubernetes says ready', evidence: { ready: true }, gives: { health: 'healthy' } },
    {
      when: 'Kubernetes says not ready, whatever the probe',
      evidence: { ready: false, check, probe: probe('healthy') },
      gives: { health: 'unhealthy', reason: 'NotReady' },
    },
    { when: 'it has not been probed yet', evidence: { check }, gives: { health: 'unknown' } },
    { when: 'it passed', evidence: { check, probe: probe('healthy') }, gives: { health: 'healthy' } },
    {
      when: 'it failed, though Kubernetes says ready',
      evidence: { ready: true, check, probe: probe('unhealthy') },
      gives: { health: 'unhealthy', reason: 'ProbeFailed' },
    },
    {
      when: 'its lease ran out, whatever else',
      evidence: { ready: true, check, probe: probe('healthy'), isWithdrawn: true },
      gives: { health: 'unhealthy', reason: 'LeaseExpired' },
    },
    {
      when: 'a former check left a verdict behind',
      evidence: { probe: probe('unhealthy') },
      gives: { health: 'unknown' },
    },
  ] as const)('is $gives when $when', ({ evidence, gives }) => {
    const { ready, ...rest } = { ready: undefined, ...evidence }
    const given = { check: undefined, probe: UNPROBED, isWithdrawn: false, ...rest }
    expect(verdictOf({ ...given, endpoint: { ...endpoint, ...(ready !== undefined && { ready }) } })).toEqual(gives)
  })
})
