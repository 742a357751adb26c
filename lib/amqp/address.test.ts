import { describe, expect, it } from 'vitest'
import { amqpAddress } from './address.ts'

describe('a broker address', () => {
  it.each([
    ['amqp://broker', 'amqp://broker?heartbeat=10', 'amqp://broker:5672'],
    ['amqps://broker', 'amqps://broker?heartbeat=10', 'amqps://broker:5671'],
    ['amqp://u:p@broker:5673/', 'amqp://u:p@broker:5673/?heartbeat=10', 'amqp://broker:5673'],
    ['amqp://u:p@[::1]:5673/orders', 'amqp://u:p@[::1]:5673/orders?heartbeat=10', 'amqp://[::1]:5673/orders'],
    ['amqp://broker/?heartbeat=3', 'amqp://broker/?heartbeat=3', 'amqp://broker:5672'],
  ])('%s is dialled as %s and shown as %s', (text, url, shown) => {
    expect(amqpAddress(text)).toMatchObject({ url, shown })
  })

  it.each(['', 'broker:5672', 'http://broker', 'amqp://', 'amqp:///vhost', 'amqp://u:p/ss@broker'])(
    'refuses %j without repeating it, since it may hold a password',
    (text) => {
      expect(() => amqpAddress(text)).toThrow(/^AMQP_URL must look like amqp:\/\/user:password@host:port$/)
    },
  )

  it('takes the password out of a text in both its forms, encoded and plain', () => {
    const { redact } = amqpAddress('amqp://u:s%23cret@broker')
    expect(redact('login with s%23cret (s#cret) failed, s#cret!')).toBe('login with *** (***) failed, ***!')
  })

  it('leaves a text alone when there is no password', () => {
    expect(amqpAddress('amqp://broker').redact('all is well')).toBe('all is well')
  })

  it('bears a password that is no valid percent-encoding', () => {
    expect(amqpAddress('amqp://u:100%@broker').redact('100% wrong')).toBe('*** wrong')
  })
})
