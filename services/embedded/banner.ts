/** Where everything listens in a run. */
export interface Addresses {
  readonly gateway: string
  readonly gatewayControl: string
  readonly registry: string
  readonly controller: string
  /** Of the bus's own API; undefined when there is no broker, hence no bus. */
  readonly bus: string | undefined
  /** Without credentials; undefined when there is no broker. */
  readonly broker: string | undefined
  readonly folder: string
  /** URLs of the example services by name; empty when they do not run. */
  readonly examples: ReadonlyMap<string, string>
}

/** What a run says once it is up: where everything is, one line to try for each pattern, and what is not ready if something is not. */
export function banner(addresses: Addresses, notReady: readonly string[]): string {
  return [
    '',
    notReady.length === 0 ? 'Soaplane is ready.' : 'Soaplane is up, but not all of it is ready:',
    ...notReady.map((reason) => `  ${reason}`),
    '',
    ...placesOf(addresses).map(([what, where]) => `  ${what.padEnd(12)}${where}`),
    '',
    'Try in another terminal:',
    '',
    ...triesOf(addresses).flatMap(({ pattern, line }) => [`  # ${pattern}`, `  ${line}`]),
    '',
    `Your own YAML goes into ${addresses.folder}. Ctrl-C stops all of it.`,
    '',
  ].join('\n')
}

function placesOf(at: Addresses): readonly (readonly [string, string])[] {
  return [
    ['gateway', `${at.gateway} (control: ${at.gatewayControl}/routes, /metrics, /readyz)`],
    ['registry', `${at.registry} (/services, /openapi.json, /metrics)`],
    ['controller', `${at.controller} (/objects, /errors, /metrics)`],
    [
      'bus',
      at.bus === undefined
        ? 'none, since there is no RabbitMQ: the routes of pattern 4 are left out'
        : `${at.bus} (/routes, /dead-letters, /asyncapi.json, /metrics)`,
    ],
    ['RabbitMQ', at.broker ?? 'none'],
    ...(at.examples.size > 0 ? [['examples', [...at.examples.keys()].join(', ')] as const] : []),
  ]
}

interface Try {
  readonly pattern: string
  readonly line: string
}

function triesOf({ gateway, registry, examples, bus }: Addresses): readonly Try[] {
  const withExamples = examples.size > 0
  // Something that answers, so that the registry finds it healthy.
  const url = examples.get('service-a') ?? gateway
  const body = JSON.stringify({ name: 'ServiceA', url })
  return [
    ...(withExamples
      ? [{ pattern: '1 producer and consumer: Service A through the gateway', line: `curl ${gateway}/greet` }]
      : []),
    {
      pattern: '2 service inventory: register a service',
      line: `curl -X POST ${registry}/register -H 'Content-Type: application/json' -d '${body}'`,
    },
    ...(withExamples && bus !== undefined
      ? [
          {
            pattern: '4 enterprise service bus: a purchase goes in, what Service B makes of it comes out',
            line: busTry(gateway),
          },
        ]
      : []),
    { pattern: '8 registry and discovery: where is it?', line: `curl ${registry}/discover/ServiceA` },
    ...(withExamples
      ? [
          {
            pattern: '9 policy-driven: five requests in any ten seconds, the sixth is refused',
            line: `for i in 1 2 3 4 5 6; do curl -w '\\n' ${gateway}/example; done`,
          },
        ]
      : []),
  ]
}

function busTry(gateway: string): string {
  const order = JSON.stringify({ user: 1, total: 1200 })
  return `curl -X POST '${gateway}/messages/purchases?wait=5s' -H 'Content-Type: application/json' -d '${order}'`
}
