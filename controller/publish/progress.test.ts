import { describe, expect, it } from 'vitest'
import type { GatewayEntry } from '#lib/model/gateway.ts'
import { progressIn } from './progress.ts'
import type { Replica } from './replicas.ts'
import { publication, unpublished } from './versions.ts'

const entry = (object: string, createdAt: string): GatewayEntry => ({
  uid: object,
  namespace: 'default',
  object,
  name: object,
  endpointsRev: 'r',
  hostnames: [],
  routes: [],
  limits: [],
  createdAt,
})

const first =
  publication(
    unpublished<'gateway'>(),
    new Map([
      ['a', entry('a', '1')],
      ['b', entry('b', '1')],
    ]),
  )?.published ?? unpublished<'gateway'>()
const second =
  publication(
    first,
    new Map([
      ['a', entry('a', '2')],
      ['b', entry('b', '1')],
    ]),
  )?.published ?? unpublished<'gateway'>()
const published = { gateway: second, registry: unpublished<'registry'>(), esb: unpublished<'esb'>() }
const replica = (id: string, acked: string | undefined, more: Partial<Replica> = {}): Replica => ({
  id,
  slice: 'gateway',
  url: '',
  ready: true,
  acked,
  ...more,
})
const a = { slice: 'gateway', key: 'a' } as const
const b = { slice: 'gateway', key: 'b' } as const

describe('progress', () => {
  it.each([
    {
      when: 'each serves the version with the change',
      items: [a],
      replicas: [replica('1', second.version), replica('2', second.version)],
      gives: { acked: 2, total: 2, without: [] },
    },
    {
      when: 'one is a version behind',
      items: [a],
      replicas: [replica('1', second.version), replica('2', first.version)],
      gives: { acked: 1, total: 2, without: [] },
    },
    {
      when: 'the version behind differs elsewhere only',
      items: [b],
      replicas: [replica('1', first.version)],
      gives: { acked: 1, total: 1, without: [] },
    },
    {
      when: 'a replica is not ready',
      items: [a],
      replicas: [replica('1', second.version), replica('2', undefined, { ready: false })],
      gives: { acked: 1, total: 1, without: [] },
    },
    {
      when: 'a lost replica may still serve the old version',
      items: [a],
      replicas: [replica('1', second.version), replica('2', first.version, { lostAt: 1 })],
      gives: { acked: 1, total: 2, without: [] },
    },
    { when: 'nobody is there', items: [a], replicas: [], gives: { acked: 0, total: 0, without: ['gateway'] } },
    {
      when: 'a replica holds a version nobody knows',
      items: [a],
      replicas: [replica('1', 'f00')],
      gives: { acked: 0, total: 1, without: [] },
    },
    {
      when: 'no replica is ready, since the only one refused the version',
      items: [a],
      replicas: [replica('1', undefined, { ready: false, refused: { version: second.version, error: 'too old' } })],
      gives: { acked: 0, total: 0, without: ['gateway'], refusal: 'too old' },
    },
    {
      when: 'one is ready, and another that is not refused the version',
      items: [a],
      replicas: [
        replica('1', second.version),
        replica('2', undefined, { ready: false, refused: { version: second.version, error: 'too old' } }),
      ],
      gives: { acked: 1, total: 1, without: [] },
    },
    {
      when: 'a replica refused the version',
      items: [a],
      replicas: [replica('1', first.version, { refused: { version: second.version, error: 'no' } })],
      gives: { acked: 0, total: 1, without: [], refusal: 'no' },
    },
    {
      when: 'one refused the item',
      items: [a],
      replicas: [replica('1', second.version), replica('2', second.version, { refusedItems: [['a', 'no right']] })],
      gives: { acked: 1, total: 2, without: [], refusal: 'no right' },
    },
    {
      when: 'both refused it, each in other words, whichever is known first',
      items: [a],
      replicas: [
        replica('2', second.version, { refusedItems: [['a', 'two']] }),
        replica('1', second.version, { refusedItems: [['a', 'one']] }),
      ],
      gives: { acked: 0, total: 2, without: [], refusal: 'one' },
    },
    {
      when: 'another item of the version was refused',
      items: [b],
      replicas: [replica('1', second.version, { refusedItems: [['a', 'no right']] })],
      gives: { acked: 1, total: 1, without: [] },
    },
    {
      when: 'an item of the same key in another slice was refused',
      items: [a],
      replicas: [
        replica('1', second.version),
        replica('2', first.version, { slice: 'registry', refusedItems: [['a', 'no right']] }),
      ],
      gives: { acked: 1, total: 1, without: [] },
    },
    {
      when: 'one of its items was refused',
      items: [a, b],
      replicas: [replica('1', second.version, { refusedItems: [['b', 'no right']] })],
      gives: { acked: 0, total: 1, without: [], refusal: 'no right' },
    },
    {
      when: 'the item was refused as it was before its last change',
      items: [a],
      replicas: [replica('1', first.version, { refusedItems: [['a', 'no right']] })],
      gives: { acked: 0, total: 1, without: [] },
    },
    {
      when: 'the item was refused in a version before, and is the same since',
      items: [b],
      replicas: [replica('1', first.version, { refusedItems: [['b', 'no right']] })],
      gives: { acked: 0, total: 1, without: [], refusal: 'no right' },
    },
    {
      when: 'a lost replica refused it while it was here',
      items: [a],
      replicas: [replica('1', second.version, { lostAt: 1, refusedItems: [['a', 'no right']] })],
      gives: { acked: 0, total: 1, without: [], refusal: 'no right' },
    },
    {
      when: 'no replica is ready, and the only one refused the item',
      items: [a],
      replicas: [replica('1', second.version, { ready: false, refusedItems: [['a', 'no right']] })],
      gives: { acked: 0, total: 0, without: ['gateway'], refusal: 'no right' },
    },
    {
      when: 'one is ready, and another that is not refused the item',
      items: [a],
      replicas: [
        replica('1', second.version),
        replica('2', second.version, { ready: false, refusedItems: [['a', 'no right']] }),
      ],
      gives: { acked: 1, total: 1, without: [] },
    },
    {
      when: 'nothing is asked for',
      items: [],
      replicas: [replica('1', first.version)],
      gives: { acked: 0, total: 0, without: [] },
    },
  ])('is $gives.acked of $gives.total when $when', ({ items, replicas, gives }) => {
    expect(progressIn(published, replicas)(items)).toEqual(gives)
  })
})
