import { describe, expect, it } from 'vitest'
import { readConfig } from '#lib/config.ts'
import { settings } from './config.ts'
import { BUS_SERVICE, configsOf } from './configs.ts'

const run = readConfig('soaplane', settings, ['--folder', 'mine', '--gateway-port', '1234'], {})

describe('the configurations of what a run is made of', () => {
  it('say what the run decides', () => {
    const { controller, registry, gateway, esb } = configsOf(run, {})
    expect(controller).toMatchObject({
      ...{ source: 'folder', folder: 'mine', leaderElection: false },
      ...{ host: '127.0.0.1', port: 8082, settleMs: 4_000 },
    })
    expect(registry('http://c')).toMatchObject({
      host: '127.0.0.1',
      port: 8081,
      controllerUrl: 'http://c',
      auth: 'open',
    })
    expect(gateway('http://c', 'http://r')).toMatchObject({
      ...{ host: '127.0.0.1', port: 1234, controlPort: 8090 },
      ...{ controllerUrl: 'http://c', registryUrl: 'http://r' },
    })
    expect(esb('http://c', 'http://r', 'amqp://b')).toMatchObject({
      ...{ host: '127.0.0.1', port: 8083, namespace: 'default' },
      ...{ controllerUrl: 'http://c', registryUrl: 'http://r', amqpUrl: 'amqp://b' },
    })
  })

  it.each([
    { when: 'RabbitMQ is started', flags: [], tells: BUS_SERVICE },
    { when: 'RabbitMQ is given', flags: ['--broker', 'none', '--amqp-url', 'amqp://b'], tells: BUS_SERVICE },
    { when: 'there is no RabbitMQ', flags: ['--broker', 'none'], tells: undefined },
  ])('tell the controller of a bus $tells.name when $when', ({ flags, tells }) => {
    const { controller } = configsOf(readConfig('soaplane', settings, flags, {}), {})
    expect(controller.esbService).toEqual(tells)
  })

  it('take the rest from the environment, but nothing that would split the run', () => {
    const { controller, registry, gateway } = configsOf(run, {
      SOAPLANE_CONTROL_TOKEN: 'secret',
      SOAPLANE_REGISTRY_AUTH: 'token',
      SOAPLANE_MAX_IN_FLIGHT: '7',
      SOAPLANE_SETTLE_MS: '50',
      SOAPLANE_SOURCE: 'kube',
      SOAPLANE_ADVERTISED_URL: 'http://elsewhere',
      SOAPLANE_CONTROLLER_URL: 'http://elsewhere',
    })
    expect(controller).toMatchObject({
      controlToken: 'secret',
      source: 'folder',
      settleMs: 50,
      advertisedUrl: undefined,
    })
    expect(registry('http://c')).toMatchObject({ controlToken: 'secret', auth: 'token', controllerUrl: 'http://c' })
    expect(gateway('http://c', 'http://r')).toMatchObject({
      controlToken: 'secret',
      maxInFlight: 7,
      registryUrl: 'http://r',
    })
  })

  it('are refused at once where the environment is wrong', () => {
    expect(() => configsOf(run, { SOAPLANE_MAX_IN_FLIGHT: 'many' })).toThrow(/^SOAPLANE_MAX_IN_FLIGHT=many: /)
  })
})
