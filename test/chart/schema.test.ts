import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { CHART, helm } from '#test/kit/helm.ts'

interface Schema {
  readonly type?: string
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: false | Schema
  readonly items?: Schema
  readonly $defs?: Readonly<Record<string, Schema>>
}

const schema: Schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'))
const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>

describe('a value that cannot be meant is refused, by its name', () => {
  it.each([
    { given: 'gateway.replica=3', says: "at '/gateway': additional properties 'replica' not allowed" },
    { given: 'rabitmq.replicas=3', says: "at '': additional properties 'rabitmq' not allowed" },
    { given: 'rabbitmq.replicas=2', says: "at '/rabbitmq/replicas': value must be one of 1, 3" },
    { given: 'controller.replicas=0', says: "at '/controller/replicas': minimum: got 0, want 1" },
    { given: 'controller.replicas=two', says: "at '/controller/replicas': got string, want integer" },
    { given: 'logLevel=loud', says: "at '/logLevel': value must be one of 'debug', 'info', 'warn', 'error'" },
    { given: 'image.digest=latest', says: "at '/image/digest': 'latest' does not match pattern" },
    { given: 'image.repository=a/b:1', says: "at '/image/repository': 'a/b:1' does not match pattern" },
    { given: 'watchNamespace=Team_A', says: "at '/watchNamespace': 'Team_A' does not match pattern" },
    { given: 'registry.auth.mode=none', says: "at '/registry/auth/mode': value must be one of" },
    { given: 'gateway.drainDelayMs=5s', says: "at '/gateway/drainDelayMs': got string, want integer" },
    {
      given: 'gateway.resources.limits.memory=512',
      says: "at '/gateway/resources/limits/memory': got number, want string",
    },
    {
      given: 'gateway.resources.limit.cpu=1',
      says: "at '/gateway/resources': additional properties 'limit' not allowed",
    },
    { given: 'gateway.extraEnv[0].nam=A', says: "at '/gateway/extraEnv/0': missing property 'name'" },
    { given: 'gateway.maxUnavailable=half', says: "at '/gateway/maxUnavailable'" },
    { given: 'gateway.service.port=0', says: "at '/gateway/service/port': minimum: got 0, want 1" },
    {
      given: 'gateway.trustedCidrs[0]=everyone',
      says: "at '/gateway/trustedCidrs/0': 'everyone' does not match pattern",
    },
    { given: 'broker.url=http://rabbitmq', says: "at '/broker/url': 'http://rabbitmq' does not match pattern" },
    { given: 'rabbitmq.persistence.size=big', says: "at '/rabbitmq/persistence/size': 'big' does not match pattern" },
    {
      given: 'monitoring.podMonitor.interval=often',
      says: "at '/monitoring/podMonitor/interval': 'often' does not match",
    },
  ])('$given', async ({ given, says }) => {
    expect(await refusalOf(given)).toContain(says)
  })
})

describe('values that do not go together are refused, by their names', () => {
  it.each([
    {
      given: 'rabbitmq.enabled=false',
      says: 'broker.url or broker.existingSecret is needed with rabbitmq.enabled: false',
    },
    {
      given: 'broker.existingSecret=mine',
      says: 'broker.url and broker.existingSecret are for rabbitmq.enabled: false',
    },
    {
      given: 'rabbitmq.enabled=false,broker.url=amqp://a,broker.existingSecret=b',
      says: 'broker.url and broker.existingSecret exclude each other',
    },
    { given: 'watchNamespace=a,registry.auth.mode=kubernetes', says: 'registry.auth.mode: kubernetes reviews tokens' },
    { given: 'watchNamespace=a,defaultNamespace=b', says: 'defaultNamespace must be watchNamespace' },
    {
      given: 'monitoring.podMonitor.enabled=true,monitoring.serviceMonitor.enabled=true',
      says: 'monitoring.podMonitor.enabled and monitoring.serviceMonitor.enabled would scrape everything twice',
    },
    {
      given: 'gateway.autoscaling.enabled=true,gateway.autoscaling.minReplicas=11',
      says: 'gateway.autoscaling.minReplicas is more than gateway.autoscaling.maxReplicas',
    },
    { given: 'gateway.ingress.enabled=true', says: 'gateway.ingress.hosts is empty' },
  ])('$given', async ({ given, says }) => {
    expect(await refusalOf(given)).toContain(says)
  })
})

describe('the schema', () => {
  it('is closed everywhere but for free names and what the Kubernetes API checks', () => {
    const open = objectsIn(schema, '').filter(({ own }) => own.additionalProperties !== false)
    const paths = open.map(({ path }) => path)
    expect(paths.sort()).toEqual(['/$defs/api', '/$defs/texts', '/global'])
  })

  it('knows every default, and nothing that has none', () => {
    // A component may have of its own whatever it has by default; `global` is Helm's.
    const optional = new Set([...Object.keys(values.defaults as object), 'global'])
    expect(missingIn(schema, values, '', optional)).toEqual([])
  })
})

async function refusalOf(set: string): Promise<string> {
  const outcome = await helm(['template', 'soaplane', CHART, '--set', set])
  return outcome.ok ? 'it was taken' : outcome.message
}

function objectsIn(own: Schema, path: string): readonly { readonly own: Schema; readonly path: string }[] {
  const inner = [
    ...Object.entries(own.properties ?? {}).map(([name, each]) => [name, each] as const),
    ...Object.entries(own.$defs ?? {}).map(([name, each]) => [`$defs/${name}`, each] as const),
    ...(own.items ? [['items', own.items] as const] : []),
  ]
  const nested = inner.flatMap(([name, each]) => objectsIn(each, `${path}/${name}`))
  return own.type === 'object' ? [{ own, path }, ...nested] : nested
}

/** Properties without a default, and defaults that are no property. */
function missingIn(own: Schema, given: unknown, path: string, optional: ReadonlySet<string>): readonly string[] {
  if (own.properties === undefined) return []
  const held = given as Record<string, unknown>
  const names = new Set([...Object.keys(own.properties), ...Object.keys(held)])
  return [...names].flatMap((name) => {
    const property = own.properties?.[name]
    if (property === undefined) return [`${path}/${name} is not in the schema`]
    if (held[name] === undefined) return optional.has(name) ? [] : [`${path}/${name} has no default`]
    return missingIn(property, held[name], `${path}/${name}`, optional)
  })
}
