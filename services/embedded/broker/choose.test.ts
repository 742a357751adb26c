import { describe, expect, it } from 'vitest'
import { type BrokerChoice, type BrokerFacts, chooseBroker, howToGetOne } from './choose.ts'

const bare: BrokerFacts = { wanted: 'auto', amqpUrl: undefined, docker: false, installed: false, installable: false }
const all: BrokerFacts = { ...bare, docker: true, installed: true, installable: true }
const url = 'amqp://broker:5672'
const impossible = (why: string): BrokerChoice => ({ kind: 'impossible', why })

describe('the choice of a broker', () => {
  it.each<{ when: string; facts: BrokerFacts; gives: BrokerChoice }>([
    { when: 'one is given', facts: { ...all, amqpUrl: url }, gives: { kind: 'given', url } },
    {
      when: 'one is given and none is wanted',
      facts: { ...all, wanted: 'none', amqpUrl: url },
      gives: { kind: 'given', url },
    },
    { when: 'none is wanted', facts: { ...all, wanted: 'none' }, gives: { kind: 'none' } },
    { when: 'everything is here', facts: all, gives: { kind: 'start', ways: ['docker', 'installed'] } },
    { when: 'only Docker is here', facts: { ...bare, docker: true }, gives: { kind: 'start', ways: ['docker'] } },
    { when: 'it is installed', facts: { ...bare, installed: true }, gives: { kind: 'start', ways: ['installed'] } },
    { when: 'it can be installed', facts: { ...bare, installable: true }, gives: { kind: 'start', ways: ['install'] } },
    { when: 'Docker is wanted', facts: { ...all, wanted: 'docker' }, gives: { kind: 'start', ways: ['docker'] } },
    { when: "Debian's is wanted", facts: { ...all, wanted: 'debian' }, gives: { kind: 'start', ways: ['installed'] } },
    {
      when: 'Docker is wanted and absent',
      facts: { ...all, docker: false, wanted: 'docker' },
      gives: impossible('no Docker daemon answers'),
    },
    {
      when: "Debian's is wanted and out of reach",
      facts: { ...bare, docker: true, wanted: 'debian' },
      gives: impossible('rabbitmq-server is not installed and cannot be installed from here'),
    },
    {
      when: 'nothing is here',
      facts: bare,
      gives: impossible(
        'no Docker daemon answers, and rabbitmq-server is not installed and cannot be installed from here',
      ),
    },
  ])('is $gives when $when', ({ facts, gives }) => expect(chooseBroker(facts)).toEqual(gives))

  it('names every way out in one line', () => {
    const line = howToGetOne('no luck')
    expect(line.split('\n')).toHaveLength(1)
    for (const way of ['no luck', 'AMQP_URL', 'Docker', 'apt-get install rabbitmq-server', '--broker none']) {
      expect(line).toContain(way)
    }
  })
})
