import { describe, expect, it } from 'vitest'
import type { Peer } from '#lib/model/slice.ts'
import { createTable } from '#lib/table.ts'
import { createMembers } from './members.ts'
import type { PeerClient } from './peer-client.ts'

/** A replica `a` whose connections do what the test says. */
function bench() {
  const events: string[] = []
  const peers = createTable<readonly Peer[]>([])
  const lines = new Map<string, { up: () => void; down: () => void }>()
  const members = createMembers({
    replica: 'a',
    peers,
    connect({ id, url }, { onUp, onDown }) {
      const line = {
        isUp: false,
        up() {
          line.isUp = true
          onUp()
        },
        down() {
          line.isUp = false
          onDown()
        },
      }
      lines.set(id, line)
      const client: PeerClient = {
        start: () => void events.push(`dial ${url}`),
        ask: async () => undefined,
        tell: () => line.isUp,
        isUp: () => line.isUp,
        retire: () => void events.push(`retire ${url}`),
      }
      return client
    },
    onView: (last, next) => events.push(`${last.ids} -> ${next.ids}`),
    onGone: (id) => events.push(`gone ${id}`),
  })
  return {
    events: () => events.splice(0),
    members,
    list: (...ids: readonly string[]) =>
      peers.replace(ids.map((id) => ({ id: id.split('@')[0] as string, url: `http://${id}` }))),
    up: (id: string) => lines.get(id)?.up(),
    down: (id: string) => lines.get(id)?.down(),
  }
}

const hello = (replica: string, url?: string) =>
  ({ type: 'hello', replica, stays: true, ...(url !== undefined && { url }) }) as const
const goodbye = (replica: string) => ({ type: 'hello', replica, stays: false }) as const

describe('the members', () => {
  it('are those that the controller lists, each dialled before the view is told', () => {
    const { members, list, events } = bench()
    list('b')
    members.start()
    list('a', 'b', 'c')
    list('a', 'b', 'c')
    expect(events()).toEqual(['dial http://b', ' -> b', 'dial http://c', 'b -> a,b,c'])
    expect(members.client('a')).toBeUndefined()
  })

  it('stay while they are connected, though the controller has lost sight of them', () => {
    const { members, list, up, down, events } = bench()
    members.start()
    list('a', 'b', 'c')
    up('b')
    up('c')
    events()
    list('c')
    list()
    expect({ events: events(), view: members.view().ids }).toEqual({ events: [], view: ['a', 'b', 'c'] })
    down('b')
    expect(events()).toEqual(['gone b', 'a,b,c -> a,c', 'retire http://b'])
  })

  it('stay while they are listed, though there is no connection', () => {
    const { members, list, up, down, events } = bench()
    members.start()
    list('a', 'b')
    up('b')
    events()
    down('b')
    expect({ events: events(), view: members.view().ids }).toEqual({ events: ['gone b'], view: ['a', 'b'] })
  })

  it('are without one that says that it leaves, even while it is listed, until it says otherwise', () => {
    const { members, list, events } = bench()
    members.start()
    list('a', 'b')
    events()
    members.heard(goodbye('b'))
    list('a', 'b', 'c')
    members.heard(hello('b'))
    expect(events()).toEqual([
      ...['a,b -> a', 'retire http://b', 'dial http://c', 'a -> a,c'],
      ...['dial http://b', 'a,c -> a,b,c'],
    ])
  })

  it('may come back under their name after they left and were forgotten', () => {
    const { members, list, events } = bench()
    members.start()
    list('a', 'b')
    members.heard(goodbye('b'))
    list('a')
    events()
    list('a', 'b')
    expect(events()).toEqual(['dial http://b', 'a -> a,b'])
  })

  it('are dialled where they are now', () => {
    const { members, list, up, down, events } = bench()
    members.start()
    list('a', 'b')
    up('b')
    events()
    list('a', 'b@2')
    expect(events()).toEqual(['retire http://b', 'dial http://b@2'])
    down('b')
    expect(events()).toEqual(['gone b'])
  })

  it('are also those that introduce themselves as members, once they are connected', () => {
    const { members, list, up, down, events } = bench()
    members.start()
    list('a', 'b')
    events()
    members.heard(hello('draining', 'http://d'))
    members.heard(hello('not yet ready'))
    members.heard(hello('a', 'http://elsewhere'))
    expect({ events: events(), view: members.view().ids }).toEqual({ events: ['dial http://d'], view: ['a', 'b'] })
    up('draining')
    expect(events()).toEqual(['a,b -> a,b,draining'])
    members.heard(goodbye('draining'))
    expect(events()).toEqual(['a,b,draining -> a,b', 'retire http://d'])
    members.heard(hello('lost', 'http://l'))
    down('lost')
    expect(events()).toEqual(['dial http://l', 'gone lost', 'retire http://l'])
  })

  it('know where to reach this replica from when it is one of them', () => {
    const { members, list } = bench()
    members.start()
    const urls = [['b'], ['a', 'b'], ['b']].map((ids) => {
      list(...ids)
      return members.url()
    })
    expect(urls).toEqual([undefined, 'http://a', 'http://a'])
  })

  it('are the others once this replica leaves', () => {
    const { members, list, events } = bench()
    members.start()
    list('a', 'b', 'c')
    events()
    members.leave()
    list('a', 'b', 'c')
    expect(events()).toEqual(['a,b,c -> b,c'])
    members.stop()
    list('a')
    expect(events()).toEqual(['retire http://b', 'retire http://c'])
  })
})
