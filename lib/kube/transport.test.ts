import { expect, it } from 'vitest'
import { createTransport } from './transport.ts'

function authority() {
  const state = { token: 'one\n', ca: 'first', made: 0 }
  return {
    state,
    applyToHTTPSOptions: async (options: { headers?: unknown; ca?: unknown }) => {
      options.headers = { Authorization: `Bearer ${state.token}` }
      options.ca = state.ca
    },
    applySecurityAuthentication: async () => {
      state.made++
    },
  }
}

it('takes a rotated token into the same pool, and a rotated certificate into a new one', async () => {
  const who = authority()
  const transport = createTransport(who)
  const [first, beside] = await Promise.all([transport.credentials(), transport.credentials()])
  who.state.token = 'two'
  const second = await transport.credentials()
  who.state.ca = 'next'
  const third = await transport.credentials()
  expect([first, second, third].map(({ headers }) => headers.Authorization)).toEqual([
    'Bearer one',
    'Bearer two',
    'Bearer two',
  ])
  expect(beside.dispatcher).toBe(first.dispatcher)
  expect(second.dispatcher).toBe(first.dispatcher)
  expect(third.dispatcher).not.toBe(first.dispatcher)
  expect(who.state.made).toBe(2)
  await transport.close()
})
