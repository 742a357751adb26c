import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '#lib/config.ts'
import { settings } from './config.ts'
import { refuseTakenPorts } from './ports.ts'

let other: Server
let taken: number
beforeAll(async () => {
  other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  taken = (other.address() as AddressInfo).port
})
afterAll(() => void other.close())

const free = { gatewayPort: 0, registryPort: 0, controllerPort: 0, gatewayControlPort: 0, esbPort: 0, amqpPort: 0 }
const config = (change: object) => ({ ...readConfig('soaplane', settings, [], {}), ...free, ...change })
const refusalOf = (change: object) =>
  refuseTakenPorts(config(change)).then(
    () => undefined,
    (error: Error) => error.message,
  )

describe('ports', () => {
  it.each([
    ['gatewayPort', 'the gateway', '--gateway-port or SOAPLANE_GATEWAY_PORT'],
    ['registryPort', 'the registry', '--registry-port or SOAPLANE_REGISTRY_PORT'],
    ['controllerPort', 'the controller', '--controller-port or SOAPLANE_CONTROLLER_PORT'],
    ['gatewayControlPort', "the gateway's control API", '--gateway-control-port or SOAPLANE_GATEWAY_CONTROL_PORT'],
    ['esbPort', 'the bus', '--esb-port or SOAPLANE_ESB_PORT'],
    ['examplesPort', 'an example service', '--examples-port or SOAPLANE_EXAMPLES_PORT'],
  ])('%s that is taken is refused, and how to choose another is said', async (setting, who, ways) => {
    expect(await refusalOf({ [setting]: taken })).toBe(
      `Port ${taken} is taken and ${who} needs it: free it, or choose another with ${ways}`,
    )
  })

  it('of RabbitMQ that is taken may be the one to use', async () => {
    expect(await refusalOf({ amqpPort: taken })).toBe(
      `Port ${taken} is taken and RabbitMQ needs it: free it, set AMQP_URL if it is a RabbitMQ to use, or choose another with --amqp-port or SOAPLANE_AMQP_PORT`,
    )
  })

  it.each([
    ['RabbitMQ is given', () => ({ amqpPort: taken, amqpUrl: 'amqp://broker' })],
    ['no RabbitMQ is wanted', () => ({ amqpPort: taken, broker: 'none' })],
    ['no RabbitMQ is wanted, hence no bus', () => ({ esbPort: taken, broker: 'none' })],
    ['no examples are wanted', () => ({ examplesPort: taken, samples: false })],
    ['the system may choose', () => ({})],
  ])('do not matter when %s', async (_when, change) => expect(await refusalOf(change())).toBeUndefined())

  it('wanted by two are refused', async () => {
    expect(await refusalOf({ gatewayPort: 18_080, gatewayControlPort: 18_080 })).toBe(
      "Port 18080 is wanted by both the gateway and the gateway's control API: choose another with --gateway-control-port or SOAPLANE_GATEWAY_CONTROL_PORT",
    )
  })
})
