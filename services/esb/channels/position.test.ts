import { describe, expect, it } from 'vitest'
import { fromIn } from './position.ts'
import { subscriptionIn } from './socket.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')

describe('?from=', () => {
  it.each([
    { text: null, from: { kind: 'next' } },
    { text: '', from: { kind: 'next' } },
    { text: 'next', from: { kind: 'next' } },
    { text: 'first', from: { kind: 'first' } },
    { text: '0', from: { kind: 'offset', offset: 0 } },
    { text: '12345', from: { kind: 'offset', offset: 12_345 } },
    { text: '2026-01-01T00:00:00.5Z', from: { kind: 'time', seconds: 1_767_225_600 } },
    { text: '2026-01-01T01:00:00+01:00', from: { kind: 'time', seconds: 1_767_225_600 } },
    { text: '2026-07-01T00:00:00Z', from: { kind: 'next' } },
    { text: 'last', from: undefined },
    { text: '-1', from: undefined },
    { text: '1.5', from: undefined },
    { text: '2026-01-01', from: undefined },
    { text: '2026-13-01T00:00:00Z', from: undefined },
  ])('$text is $from', ({ text, from }) => expect(fromIn(text, NOW)).toEqual(from))
})

describe('the path of a subscription', () => {
  it.each([
    { url: '/channels/orders', channel: 'default/orders' },
    { url: '/channels/orders?namespace=shop', channel: 'shop/orders' },
    { url: '/channels/orders%2Feu', channel: 'default/orders/eu' },
    { url: '/channels/orders/eu?namespace=', channel: 'default/orders/eu' },
  ])('$url is channel $channel', ({ url, channel }) => {
    expect(subscriptionIn(url, 'default', NOW)).toEqual({ channel, from: { kind: 'next' } })
  })

  it.each(['/channels/', '/channels/%', '/channels/a?from=never', `/channels/${'x'.repeat(201)}`])(
    '%s is none',
    (url) => {
      expect(subscriptionIn(url, 'default', NOW)).toBeUndefined()
    },
  )
})
