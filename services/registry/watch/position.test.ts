import { describe, expect, it } from 'vitest'
import { formatPosition, parsePosition } from './position.ts'
import { spreadOut, waitMs } from './wait.ts'

describe('an index', () => {
  it('is read as it was written', () => {
    const position = { epoch: 'b8f8-1', n: 12 }
    expect(formatPosition(position)).toBe('b8f8-1.12')
    expect(parsePosition('b8f8-1.12')).toEqual(position)
  })

  it.each([
    undefined,
    null,
    7,
    '',
    '12',
    'a.',
    '.1',
    'a.-1',
    'a.1.2',
    'a b.1',
    `${'a'.repeat(65)}.1`,
    'a.1e3',
    ['a.1'],
  ])('is none: %j', (text) => expect(parsePosition(text)).toBeUndefined())
})

describe('how long to wait', () => {
  it.each([
    [undefined, 300_000],
    ['0', 0],
    ['30', 30_000],
    ['600', 600_000],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['601', undefined],
    ['11m', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
  ])('wait=%s is %s ms', (wait, ms) => expect(waitMs(wait)).toBe(ms))

  it('is spread by up to a sixteenth', () => {
    expect([spreadOut(16_000, () => 0), spreadOut(16_000, () => 1)]).toEqual([16_000, 17_000])
  })
})
