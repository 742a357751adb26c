import { beforeEach, describe, expect, it } from 'vitest'
import type { WatchFrame } from '#lib/discovery.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import { createDirectory, type Directory } from '../directory/directory.ts'
import { createHub, type Hub, type Prepared } from './hub.ts'

const entryOf = (object: string, url = `http://${object}`, name = object): [string, RegistryEntry] => [
  `d/${object}`,
  {
    ...{
      uid: object,
      namespace: 'd',
      object,
      name,
      metadata: {},
      origin: 'declared',
      endpointsRev: url,
      createdAt: '',
    },
    endpoints: [{ instance: 'default', url }],
  },
]
const frameOf = ({ text }: Prepared): WatchFrame => JSON.parse(text)
const said = (prepared: Prepared) => {
  const frame = frameOf(prepared)
  const names = frame.type === 'snapshot' ? frame.services : frame.put
  return [frame.type, names.map(({ name }) => name).sort(), frame.type === 'change' ? frame.drop : []]
}

let directory: Directory
let hub: Hub
beforeEach(() => {
  directory = createDirectory({ healthOf: () => 'unknown', onDifference() {} })
  hub = createHub({ epoch: 'e', directory, maxWatchers: 3, metrics: createMetrics({ process: false }) })
})

function watch(service?: string) {
  const frames: Prepared[] = []
  let ends = 0
  const leave = hub.join({ service, push: (frame) => frames.push(frame), end: () => void ends++ })
  return { frames, leave, ends: () => ends }
}

describe('the hub', () => {
  it('tells every watcher of every step, in order and under one index', () => {
    const all = watch()
    directory.apply(new Map([entryOf('a')]))
    directory.apply(new Map([entryOf('a'), entryOf('b')]))
    directory.apply(new Map([entryOf('b')]))
    expect(all.frames.map(({ index }) => index)).toEqual(['e.1', 'e.2', 'e.3'])
    expect(all.frames.map(said)).toEqual([
      ['change', ['a'], []],
      ['change', ['b'], []],
      ['change', [], ['d/a']],
    ])
    expect(hub.index()).toBe('e.3')
  })

  it('tells watchers of one name of that name alone', () => {
    const ofB = watch('b')
    directory.apply(new Map([entryOf('a')]))
    directory.apply(new Map([entryOf('a'), entryOf('b')]))
    directory.apply(new Map([entryOf('a', 'http://other'), entryOf('b')]))
    expect(ofB.frames.map(said)).toEqual([['change', ['b'], []]])
  })

  it('does not wake anybody when nothing that they see has changed', () => {
    const all = watch()
    directory.apply(new Map([entryOf('a')]))
    directory.apply(new Map([entryOf('a')]))
    directory.apply(new Map([['d/a', { ...entryOf('a')[1], owner: 'x' }]]))
    expect(all.frames).toHaveLength(1)
  })

  it('gives a newcomer everything, one who returns what it missed, one from another life everything', () => {
    directory.apply(new Map([entryOf('a')]))
    directory.apply(new Map([entryOf('a'), entryOf('b')]))
    const first = (index: unknown, service?: string) => {
      const { frame, isNews } = hub.first(index, service)
      return [...said(frame), isNews]
    }
    expect(first(undefined)).toEqual(['snapshot', ['a', 'b'], [], true])
    expect(first('e.1')).toEqual(['change', ['b'], [], true])
    expect(first('e.2')).toEqual(['change', [], [], false])
    expect(first('other.2')).toEqual(['snapshot', ['a', 'b'], [], true])
    expect(first('e.99')).toEqual(['snapshot', ['a', 'b'], [], true])
    expect(first('nonsense')).toEqual(['snapshot', ['a', 'b'], [], true])
    expect(first('e.1', 'a')).toEqual(['change', [], [], false])
    expect(first('e.1', 'b')).toEqual(['snapshot', ['b'], [], true])
  })

  it('writes a snapshot once for a crowd, and anew after a change', () => {
    directory.apply(new Map([entryOf('a')]))
    const { frame } = hub.first(undefined, undefined)
    expect(hub.first(undefined, undefined).frame).toBe(frame)
    directory.apply(new Map([entryOf('b')]))
    expect(said(hub.first(undefined, undefined).frame)).toEqual(['snapshot', ['b'], []])
  })

  it('is full at its limit, and has room again when one leaves', () => {
    const [first] = [watch(), watch('a'), watch('a')]
    expect(hub.isFull()).toBe(true)
    first?.leave()
    first?.leave()
    expect(hub.isFull()).toBe(false)
  })

  it('lets a watcher leave while it is being told', () => {
    const frames: Prepared[] = []
    const leave = hub.join({
      service: undefined,
      push(frame) {
        frames.push(frame)
        leave()
      },
      end() {},
    })
    const other = watch()
    directory.apply(new Map([entryOf('a')]))
    directory.apply(new Map([entryOf('b')]))
    expect([frames.length, other.frames.length]).toEqual([1, 2])
  })

  it('ends all when it stops, and takes no more', () => {
    const [all, ofA] = [watch(), watch('a')]
    hub.stop()
    expect([all.ends(), ofA.ends(), hub.isFull()]).toEqual([1, 1, true])
  })
})
