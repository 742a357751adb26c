import { expect, it } from 'vitest'
import { legible, mediationOf, messageOf, portsOf } from '#test/gen/mediation.ts'

it.each([
  { limit: 10, periodMs: 1_000, did: 'let it pass: at most 10 in any 1s' },
  { limit: 1, periodMs: 90_000, did: 'let it pass: at most 1 in any 90s' },
  { limit: 5, periodMs: 250, did: 'let it pass: at most 5 in any 250ms' },
])('is told and changes nothing: $did', async ({ limit, periodMs, did }) => {
  const mediation = mediationOf([{ kind: 'throttle', name: 'slow', limit, periodMs }])
  expect(legible(await mediation.plan(messageOf('Hello'), portsOf()))).toMatchObject({
    outcome: 'deliver',
    deliveries: [{ body: 'Hello' }],
    trace: [`slow: ${did}`],
  })
})
