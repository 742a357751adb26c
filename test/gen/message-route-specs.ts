const keys = ['orders']
const to = [{ queue: { name: 'q' } }]
const many = <T>(count: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i))

const route = (what: string, field: string, spec: unknown) => ({ what, kind: 'MessageRoute' as const, field, spec })
const from = (what: string, field: string, source: unknown) => route(what, field, { from: source, to })
const steps = (what: string, field: string, ...list: readonly object[]) =>
  route(what, field, { from: { keys }, steps: list, to })
const step = (what: string, field: string, one: object) => steps(what, `spec.steps[0]${field}`, one)
const enrich = (what: string, field: string, changes: object) =>
  step(what, `.enrich${field}`, { enrich: { service: 'a', into: 'a', ...changes } })
const way = (what: string, field: string, one: object) =>
  route(what, `spec.to[0]${field}`, { from: { keys }, to: [one] })
const whole = (what: string, field: string, changes: object) => route(what, field, { from: { keys }, to, ...changes })

const throttle = { throttle: { rate: '10/1s' } }
const dedupe = { dedupe: { key: '{% id %}' } }
const split = { split: { items: '{% lines %}' } }
const aggregate = { aggregate: { correlation: '{% id %}', size: 2, window: '1s' } }

/** Refused by the API server and by the folder alike. */
export const REFUSED_ROUTES = [
  route('no source', 'spec.from', { to }),
  route('nowhere to go', 'spec.to', { from: { keys } }),
  route('an empty list of ways out', 'spec.to', { from: { keys }, to: [] }),
  route('17 ways out', 'spec.to', { from: { keys }, to: many(17, (i) => ({ queue: { name: `q${i}` } })) }),
  from('a source of nothing', 'spec.from', {}),
  from('an exchange without keys', 'spec.from', { exchange: 'events', type: 'Topic' }),
  from('an empty list of keys', 'spec.from.keys', { keys: [] }),
  from('33 keys', 'spec.from.keys', { keys: many(33, (i) => `k${i}`) }),
  from('the same key twice', 'spec.from.keys[1]', { keys: ['a', 'a'] }),
  from('a key of 256 characters', 'spec.from.keys[0]', { keys: ['x'.repeat(256)] }),
  from('a key of 256 bytes', 'spec.from.keys[0]', { keys: ['ü'.repeat(128)] }),
  from('a pattern for a direct exchange', 'spec.from.keys', { exchange: 'events', keys: ['order.*'] }),
  from('esb_exchange as a topic exchange', 'spec.from.type', { type: 'Topic', keys }),
  from('an unknown type of exchange', 'spec.from.type', { exchange: 'events', type: 'Headers', keys }),
  from('an exchange of the bus itself', 'spec.from.exchange', { exchange: 'soa.in', keys }),
  from('an exchange without a name', 'spec.from.exchange', { exchange: '', keys }),
  from('an exchange whose name has a line break', 'spec.from.exchange', { exchange: 'a\nb', keys }),
  steps('33 steps', 'spec.steps', ...many(33, () => ({ filter: '{% true %}' }))),
  step('no kind', '', { name: 'a' }),
  step('two kinds', '', { filter: '{% true %}', ...split }),
  step('a name with a space', '.name', { name: 'a b', filter: '{% true %}' }),
  step('an empty filter', '.filter', { filter: '' }),
  step('a filter that is a number', '.filter', { filter: 1 }),
  step('no schema', '.validate.schema', { validate: {} }),
  step('a schema that is a text', '.validate.schema', { validate: { schema: 'x' } }),
  step('no value', '.transform.value', { transform: {} }),
  step('a content type without a slash', '.transform.contentType', { transform: { value: 'x', contentType: 'json' } }),
  step('no items', '.split.items', { split: {} }),
  step('no correlation', '.aggregate.correlation', { aggregate: { size: 2, window: '1s' } }),
  step('a group of none', '.aggregate.size', { aggregate: { ...aggregate.aggregate, size: 0 } }),
  step('a window of a quarter of an hour', '.aggregate.window', {
    aggregate: { ...aggregate.aggregate, window: '15m' },
  }),
  step('a window of no unit', '.aggregate.window', { aggregate: { ...aggregate.aggregate, window: '15' } }),
  step('no case', '.route.cases', { route: { cases: [] } }),
  step('a case without a way out', '.route.cases[0].to', { route: { cases: [{ when: '{% a %}', to: [] }] } }),
  step('a case that leads to two kinds at once', '.route.cases[0].to[0]', {
    route: { cases: [{ when: '{% a %}', to: [{ queue: { name: 'q' }, route: { name: 'r' } }] }] },
  }),
  step('an unknown match', '.route.match', { route: { match: 'Any', cases: [{ when: '{% a %}', to }] } }),
  step('a tap to nothing', '.wireTap.to', { wireTap: { to: {} } }),
  step('a rate in words', '.throttle.rate', { throttle: { rate: 'ten a second' } }),
  step('a rate of none', '.throttle.rate', { throttle: { rate: '0/1s' } }),
  step('a window of two days', '.dedupe.window', { dedupe: { key: '{% id %}', window: '48h' } }),
  enrich('no service', '.service', { service: undefined }),
  enrich('a service name with a slash', '.service', { service: 'a/b' }),
  enrich('a relative path', '.path', { path: 'users' }),
  enrich('a method of its own', '.method', { method: 'BREW' }),
  enrich('no place for the answer', '', { into: undefined }),
  enrich('two places for the answer', '', { value: '{% $answer %}' }),
  enrich('a timeout of an hour', '.timeout', { timeout: '1h' }),
  enrich('a header name with a space', '.headers[0].name', { headers: [{ name: 'x y', value: 'z' }] }),
  enrich('an unknown way out', '.onError', { onError: 'Panic' }),
  steps(
    'two steps of one name',
    'spec.steps',
    { name: 'a', filter: '{% true %}' },
    { name: 'a', filter: '{% true %}' },
  ),
  steps('two aggregates', 'spec.steps', aggregate, aggregate),
  steps('two throttles', 'spec.steps', throttle, throttle),
  steps('two steps of kind dedupe', 'spec.steps', dedupe, dedupe),
  steps('an aggregate after a split', 'spec.steps', split, { filter: '{% true %}' }, aggregate),
  steps('a throttle after a split', 'spec.steps', split, throttle),
  steps('a throttle after an aggregate', 'spec.steps', aggregate, throttle),
  steps('a dedupe after a split', 'spec.steps', split, dedupe),
  steps('a dedupe after an aggregate', 'spec.steps', aggregate, dedupe),
  whole('a group larger than what is in hand', 'spec.steps', { steps: [aggregate], prefetch: 1 }),
  way('no kind', '', {}),
  way('two kinds', '', { queue: { name: 'q' }, webSocket: { channel: 'c' } }),
  way('an exchange without a key', '.exchange.key', { exchange: { name: 'x' } }),
  way('a queue without a name', '.queue.name', { queue: {} }),
  way('a queue of the bus itself', '.queue.name', { queue: { name: 'soa.route.default.x' } }),
  way('an unknown format', '.format', { queue: { name: 'q' }, format: 'Avro' }),
  whole('its own key as a way out', 'spec.to', { to: [{ exchange: { key: 'orders' } }] }),
  route('its own fanout as a way out', 'spec.to', {
    from: { exchange: 'all', type: 'Fanout' },
    to: [{ exchange: { name: 'all', key: '' } }],
  }),
  whole('no attempt', 'spec.retry.attempts', { retry: { attempts: 0 } }),
  whole('a wait shorter than 100ms', 'spec.retry.backoff', { retry: { backoff: '99ms' } }),
  whole('a wait longer than the longest', 'spec.retry.backoff', { retry: { backoff: '10m', maxBackoff: '5m' } }),
  whole('a wait of two hours', 'spec.retry.maxBackoff', { retry: { maxBackoff: '2h' } }),
  whole('nothing in hand', 'spec.prefetch', { prefetch: 0 }),
  whole('a queue of 1 KiB', 'spec.queue.maxBytes', { queue: { maxBytes: 1024 } }),
  whole('dead letters of 1 KiB', 'spec.deadLetter.maxBytes', { deadLetter: { maxBytes: 1024 } }),
]

/** Taken by the API server and by the folder alike, with the same defaults. */
export const TAKEN_ROUTES = [
  { what: 'a key and a queue', spec: { from: { keys }, to } },
  { what: 'HTTP alone', spec: { from: { http: {} }, to } },
  { what: 'other routes alone', spec: { from: { internal: {} }, to: [{ exchange: { key: 'orders' } }] } },
  { what: 'a fanout exchange', spec: { from: { exchange: 'all', type: 'Fanout' }, to } },
  {
    what: 'patterns of a topic exchange',
    spec: { from: { exchange: 'events', type: 'Topic', keys: ['a.*', '#', ''] }, to },
  },
  { what: 'a key of 255 bytes', spec: { from: { keys: [`x${'ü'.repeat(127)}`] }, to } },
  {
    what: 'every kind of step, in an order that can be',
    spec: {
      from: { keys, http: {} },
      steps: [
        { filter: '{% a > 0 %}' },
        throttle,
        dedupe,
        { validate: { schema: { type: 'object', properties: { a: { default: 1, 'x-y': [true] } } } } },
        { transform: { value: 'Dear {% name %}', contentType: 'text/plain; charset=utf-8' } },
        { enrich: { service: 'ServiceA', into: 'answer', headers: [{ name: 'X-A', value: '{% a %}' }] } },
        { wireTap: {} },
        { wireTap: { to: { webSocket: { channel: 'all' } } } },
        { route: { cases: [{ when: '{% b %}', to: [{ route: { name: 'other' } }] }] } },
        aggregate,
        split,
      ],
      to: [
        { exchange: { key: 'x.{% a %}' } },
        { service: { name: 'ServiceA' }, format: 'CloudEventsBinary' },
        { queue: { name: 'amq.gen-x y' }, format: 'Plain' },
      ],
      retry: { attempts: 1, maxBackoff: '68m' },
      prefetch: 2,
      queue: { maxBytes: 1099511627776 },
    },
  },
  {
    what: 'as much as there may be',
    spec: {
      from: { keys: many(32, (i) => `k${i}`) },
      steps: many(32, (i) => ({
        name: `s${i}`,
        route: { cases: many(16, () => ({ when: '{% a %}', to: many(8, (j) => ({ queue: { name: `q${j}` } })) })) },
      })),
      to: many(16, (i) => ({ exchange: { key: `o${i}` } })),
    },
  },
].map((each) => ({ ...each, kind: 'MessageRoute' as const }))
