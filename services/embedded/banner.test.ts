import { expect, it } from 'vitest'
import { type Addresses, banner } from './banner.ts'

const addresses: Addresses = {
  gateway: 'http://127.0.0.1:8080',
  gatewayControl: 'http://127.0.0.1:8090',
  registry: 'http://127.0.0.1:8081',
  controller: 'http://127.0.0.1:8082',
  bus: 'http://127.0.0.1:8083',
  broker: 'amqp://127.0.0.1:5672',
  folder: '.soaplane/resources',
  examples: new Map([
    ['service-a', 'http://127.0.0.1:5001'],
    ['example', 'http://127.0.0.1:5006'],
  ]),
}

it('the banner tells where everything is, and a line to try for each pattern', () => {
  expect(banner(addresses, [])).toBe(String.raw`
Soaplane is ready.

  gateway     http://127.0.0.1:8080 (control: http://127.0.0.1:8090/routes, /metrics, /readyz)
  registry    http://127.0.0.1:8081 (/services, /openapi.json, /metrics)
  controller  http://127.0.0.1:8082 (/objects, /errors, /metrics)
  bus         http://127.0.0.1:8083 (/routes, /dead-letters, /asyncapi.json, /metrics)
  RabbitMQ    amqp://127.0.0.1:5672
  examples    service-a, example

Try in another terminal:

  # 1 producer and consumer: Service A through the gateway
  curl http://127.0.0.1:8080/greet
  # 2 service inventory: register a service
  curl -X POST http://127.0.0.1:8081/register -H 'Content-Type: application/json' -d '{"name":"ServiceA","url":"http://127.0.0.1:5001"}'
  # 4 enterprise service bus: a purchase goes in, what Service B makes of it comes out
  curl -X POST 'http://127.0.0.1:8080/messages/purchases?wait=5s' -H 'Content-Type: application/json' -d '{"user":1,"total":1200}'
  # 8 registry and discovery: where is it?
  curl http://127.0.0.1:8081/discover/ServiceA
  # 9 policy-driven: five requests in any ten seconds, the sixth is refused
  for i in 1 2 3 4 5 6; do curl -w '\n' http://127.0.0.1:8080/example; done

Your own YAML goes into .soaplane/resources. Ctrl-C stops all of it.
`)
})

it('the banner offers no line that cannot work', () => {
  const lines = banner({ ...addresses, bus: undefined, broker: undefined, examples: new Map() }, []).split('\n')
  expect(lines.filter((line) => line.startsWith('  #'))).toEqual([
    '  # 2 service inventory: register a service',
    '  # 8 registry and discovery: where is it?',
  ])
  expect(lines).toContain('  RabbitMQ    none')
  expect(lines).toContain('  bus         none, since there is no RabbitMQ: the routes of pattern 4 are left out')
})

it('the banner names what is not ready', () => {
  expect(
    banner(addresses, ['Service default/example: Shadowed: its routes are taken']).split('\n').slice(1, 3),
  ).toEqual([
    'Soaplane is up, but not all of it is ready:',
    '  Service default/example: Shadowed: its routes are taken',
  ])
})
