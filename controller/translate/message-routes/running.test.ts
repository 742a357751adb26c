import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageRouteOf } from '#test/gen/objects.ts'
import { keyOf, type MessageRouteObject } from '../../api/objects.ts'
import { differing } from '../derived.ts'
import { compileMessageRoutes } from './compile.ts'
import { NOTHING_RUNS, type Running, runningAmong } from './running.ts'

const NO_HOLDERS = new Map<string, string>()

function runningOf(objects: readonly MessageRouteObject[], last: Running = NOTHING_RUNS): Running {
  const compiled = compileMessageRoutes(
    differing(new Map(objects.map((each) => [keyOf(each), each])), new Map()),
    { holders: NO_HOLDERS, good: last.good },
    { holders: NO_HOLDERS, messageRoutes: new Map() },
  )
  return runningAmong(compiled.map, last)
}

const at = (second: number, generation = 1) => ({
  creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  generation,
})
const queue = { queue: { name: 'q' } }
/** A route that takes the key of its name, and sends to others by theirs. */
const byKey = (name: string, second: number, ...targets: readonly string[]) =>
  messageRouteOf(
    name,
    { from: { keys: [name] }, to: [queue, ...targets.map((key) => ({ exchange: { key } }))] },
    at(second),
  )
const byName = (name: string, second: number, targets: readonly string[], generation = 1) =>
  messageRouteOf(
    name,
    { from: { keys: [name] }, to: [queue, ...targets.map((target) => ({ route: { name: target } }))] },
    at(second, generation),
  )
const outcomeOf = ({ entries, refusals }: Running) => ({
  runs: [...entries].map(([key, { generation }]) => `${key}#${generation}`).sort(),
  refused: Object.fromEntries([...refusals].map(([key, { reason }]) => [key, reason])),
})

describe('routes that run together', () => {
  it.each([
    {
      when: 'nothing leads back',
      routes: [byKey('a', 1, 'b', 'c'), byKey('b', 2, 'c'), byKey('c', 3)],
      gives: { runs: ['default/a#1', 'default/b#1', 'default/c#1'], refused: {} },
    },
    {
      when: 'two send to each other by key: the younger is refused, and nobody minds',
      routes: [byKey('b', 2, 'a'), byKey('a', 1, 'b')],
      gives: { runs: ['default/a#1'], refused: { 'default/b': 'RouteLoop' } },
    },
    {
      when: 'two send to each other by name: the younger is refused, and the older has nowhere to go',
      routes: [byName('a', 1, ['b']), byName('b', 2, ['a'])],
      gives: { runs: [], refused: { 'default/a': 'DeadEnd', 'default/b': 'RouteLoop' } },
    },
    {
      when: 'the one in the middle of three is the youngest',
      routes: [byKey('a', 1, 'b'), byKey('b', 3, 'c'), byKey('c', 2, 'a')],
      gives: { runs: ['default/a#1', 'default/c#1'], refused: { 'default/b': 'RouteLoop' } },
    },
    {
      when: 'a dead end takes with it all that lead there',
      routes: [byName('a', 1, ['b']), byName('b', 2, ['c']), byName('c', 3, ['missing']), byKey('d', 4)],
      gives: {
        runs: ['default/d#1'],
        refused: { 'default/a': 'DeadEnd', 'default/b': 'DeadEnd', 'default/c': 'DeadEnd' },
      },
    },
    {
      when: 'a loop is open since one of it has nowhere to go',
      routes: [
        messageRouteOf(
          'a',
          { from: { keys: ['a'] }, to: [{ exchange: { key: 'b' } }, { route: { name: 'missing' } }] },
          at(1),
        ),
        byKey('b', 2, 'a'),
      ],
      gives: { runs: ['default/b#1'], refused: { 'default/a': 'RouteLoop' } },
    },
  ])('$when', ({ routes, gives }) => {
    expect(outcomeOf(runningOf(routes))).toEqual(gives)
    expect(outcomeOf(runningOf(routes.toReversed()))).toEqual(gives)
  })

  it('a spec that closes a loop gives way to the last good one, and takes nobody with it', () => {
    const before = runningOf([byName('a', 1, []), byName('b', 2, ['a'])])
    const after = runningOf([byName('a', 1, ['b'], 2), byName('b', 2, ['a'])], before)
    expect(outcomeOf(after)).toEqual({
      runs: ['default/a#1', 'default/b#1'],
      refused: { 'default/a': 'RouteLoop' },
    })
  })

  it('a spec that has run gives way to nothing older when the world around it changes', () => {
    const first = runningOf([byName('a', 1, []), byName('b', 2, [])])
    const second = runningOf([byName('a', 1, ['b'], 2), byName('b', 2, [])], first)
    expect(outcomeOf(second).runs).toEqual(['default/a#2', 'default/b#1'])
    const third = runningOf([byName('a', 1, ['b'], 2)], second)
    expect(outcomeOf(third)).toEqual({ runs: [], refused: { 'default/a': 'DeadEnd' } })
    const fourth = runningOf([byName('a', 1, ['c'], 3)], third)
    expect(outcomeOf(fourth)).toEqual({ runs: [], refused: { 'default/a': 'DeadEnd' } })
    expect(outcomeOf(runningOf([byName('a', 1, ['c'], 3), byName('b', 2, [])], fourth))).toEqual({
      runs: ['default/a#2', 'default/b#1'],
      refused: { 'default/a': 'DeadEnd' },
    })
  })

  it('the last good spec is not taken over by another object of the name', () => {
    const before = runningOf([byName('a', 1, [])])
    const another = messageRouteOf(
      'a',
      { from: { http: {} }, to: [{ route: { name: 'b' } }] },
      { ...at(2, 2), uid: 'x' },
    )
    expect(outcomeOf(runningOf([another], before)).runs).toEqual([])
  })
})

describe('over any routes', () => {
  const size = 7
  /** Edges between routes 0 … 6, each over a key or by name, and an order of age. */
  const worlds = fc.record({
    edges: fc.array(fc.record({ from: fc.nat(size - 1), to: fc.nat(size - 1), named: fc.boolean() }), {
      maxLength: 14,
    }),
    ages: fc.shuffledSubarray(
      Array.from({ length: size }, (_none, i) => i),
      { minLength: size },
    ),
  })
  type Edge = { readonly from: number; readonly to: number; readonly named: boolean }
  const routesOf = (edges: readonly Edge[], ages: readonly number[]) =>
    ages.map((id, age) =>
      messageRouteOf(
        `r${id}`,
        {
          // Direct loops on one key are refused at the door: a topic exchange has no such rule.
          from: { exchange: 'bus', type: 'Topic', keys: [`r${id}.#`] },
          to: [
            queue,
            ...edges
              .filter(({ from }) => from === id)
              .map(({ to, named }) =>
                named ? { route: { name: `r${to}` } } : { exchange: { name: 'bus', key: `r${to}` } },
              ),
          ],
        },
        at(age),
      ),
    )
  function hasCycle(edges: readonly Edge[], within: ReadonlySet<number>): boolean {
    const left = new Set(within)
    // What leads nowhere is taken away, again and again; a loop is what stays.
    for (let before = -1; before !== left.size; ) {
      before = left.size
      for (const id of left) if (!edges.some(({ from, to }) => from === id && left.has(to))) left.delete(id)
    }
    return left.size > 0
  }
  const all = new Set(Array.from({ length: size }, (_none, i) => i))
  const idsIn = (map: ReadonlyMap<string, unknown>) => new Set([...map.keys()].map((key) => Number(key.split('/r')[1])))

  it('without a loop nothing is refused, with one at least one is, and what runs has none and no dead end', () => {
    fc.assert(
      fc.property(worlds, ({ edges, ages }) => {
        const { entries, refusals } = runningOf(routesOf(edges, ages))
        expect(refusals.size > 0).toBe(hasCycle(edges, all))
        const runs = idsIn(entries)
        expect(hasCycle(edges, runs)).toBe(false)
        for (const { from, to, named } of edges) if (named && runs.has(from)) expect(runs.has(to)).toBe(true)
        expect(entries.size + refusals.size).toBe(size)
      }),
    )
  })

  it('of what is refused nothing could run beside the others', () => {
    fc.assert(
      fc.property(worlds, ({ edges, ages }) => {
        const { entries, refusals } = runningOf(routesOf(edges, ages))
        const runs = idsIn(entries)
        for (const id of idsIn(refusals)) {
          const hasNowhereToGo = edges.some(({ from, to, named }) => from === id && named && !runs.has(to) && to !== id)
          expect(hasNowhereToGo || hasCycle(edges, new Set([...runs, id]))).toBe(true)
        }
      }),
    )
  })

  it('the order in which they are given changes nothing', () => {
    fc.assert(
      fc.property(worlds, ({ edges, ages }) => {
        const routes = routesOf(edges, ages)
        expect(outcomeOf(runningOf(routes))).toEqual(outcomeOf(runningOf(routes.toReversed())))
      }),
    )
  })
})
