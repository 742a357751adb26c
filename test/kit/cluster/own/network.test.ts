import { expect, it } from 'vitest'
import { freeWire } from './network.ts'

const having = (address: string) => ({ wire: [{ address }] }) as never

it.each([
  { when: 'none is taken', interfaces: {}, chances: [0], gives: ['198.18.0.1', '198.18.0.2'] },
  {
    when: 'chance picks the last',
    interfaces: {},
    chances: [1 - 2 ** -16],
    gives: ['198.19.255.253', '198.19.255.254'],
  },
  {
    when: 'another node has the first',
    interfaces: having('198.18.0.1'),
    chances: [0, 0.5],
    gives: ['198.19.0.1', '198.19.0.2'],
  },
])('wires a node by $gives when $when', ({ interfaces, chances, gives }) => {
  const left = [...chances]
  const { machine, node } = freeWire(() => left.shift() as number, interfaces)
  expect([machine, node]).toEqual(gives)
})
