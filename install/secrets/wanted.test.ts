import { describe, expect, it } from 'vitest'
import { parseWanted, valuesOf } from './wanted.ts'

const wanted = {
  name: 'broker',
  labels: { app: 'a' },
  random: { password: 8, cookie: 4 },
  text: { username: 'someone', url: 'amqp://someone:{password}@host/{vhost}' },
}

describe('the values of a Secret', () => {
  it('are random by their lengths, and texts that name them; other braces stay', () => {
    expect(valuesOf(wanted, (length) => 'x'.repeat(length))).toEqual({
      password: 'xxxxxxxx',
      cookie: 'xxxx',
      username: 'someone',
      url: 'amqp://someone:xxxxxxxx@host/{vhost}',
    })
  })
})

describe('what is wanted', () => {
  it('is read from JSON', () => expect(parseWanted(JSON.stringify([wanted]))).toEqual([wanted]))

  it.each([
    { when: 'it is no list', json: '{}' },
    { when: 'a name is missing', json: JSON.stringify([{ ...wanted, name: undefined }]) },
    { when: 'a length is no number', json: JSON.stringify([{ ...wanted, random: { password: 'long' } }]) },
    { when: 'there are no labels', json: JSON.stringify([{ ...wanted, labels: null }]) },
  ])('is refused when $when', ({ json }) => {
    expect(() => parseWanted(json)).toThrow('must be a list of {name, labels, random, text}')
  })
})
