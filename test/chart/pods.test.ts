import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { settings as controller } from '#controller/config.ts'
import type { Settings } from '#lib/config.ts'
import { settings as esb } from '#services/esb/config.ts'
import { settings as gateway } from '#services/gateway/config.ts'
import { settings as registry } from '#services/registry/config.ts'
import { type Manifest, objectsOf, podOf, VALUE_SETS } from '#test/kit/chart.ts'
import { settings as check } from '../../install/check/config.ts'
import { settings as secrets } from '../../install/secrets/config.ts'
import { settings as examples } from '../../services/examples/config.ts'
import { EXAMPLES } from '../../services/examples/parts.ts'

const DOCKERFILE = join(import.meta.dirname, '../../Dockerfile')

interface Env {
  readonly name: string
  readonly value?: string
}

const deployables: Readonly<Record<string, Settings>> = {
  'controller/main.ts': controller,
  'services/registry/main.ts': registry,
  'services/gateway/main.ts': gateway,
  'services/esb/main.ts': esb,
  'services/examples/main.ts': examples,
  'install/check/main.ts': check,
  'install/secrets/main.ts': secrets,
}

describe.each(VALUE_SETS)('with the values of %s', (set) => {
  it('every pod is closed to links of services, and each container knows its limits', async () => {
    for (const { spec } of await podsOf(set)) {
      // With links a Service named soaplane-gateway would set SOAPLANE_GATEWAY_PORT to an URL.
      expect(spec.enableServiceLinks).toBe(false)
      for (const container of containersOf(spec)) {
        expect(container.resources.limits.memory).toMatch(/^\d+[MG]i$/)
        expect(container.image).not.toMatch(/:latest$/)
      }
    }
  })

  it('every variable is a setting of what runs there', async () => {
    const unknown = (await podsOf(set)).flatMap(({ spec }) =>
      containersOf(spec).flatMap(({ command, env = [] }) => {
        const known = Object.values(deployables[command[1]] ?? {}).map((each) => each.env)
        const names = (env as readonly Env[]).map(({ name }) => name).filter((name) => name.startsWith('SOAPLANE_'))
        return names.filter((name) => !known.includes(name)).map((name) => `${command[1]} has no ${name}`)
      }),
    )
    expect(unknown).toEqual([])
  })

  it('no variable is given twice, which the API server would refuse', async () => {
    for (const { spec } of await podsOf(set)) {
      for (const { env = [] } of containersOf(spec)) {
        const names = (env as readonly Env[]).map(({ name }) => name)
        expect(names).toEqual([...new Set(names)])
      }
    }
  })

  it('every value of a variable is one that its setting takes', async () => {
    for (const { spec } of await podsOf(set)) {
      for (const { command, env = [] } of containersOf(spec)) {
        const known = Object.values(deployables[command[1]] ?? {})
        for (const { name, value } of env as readonly Env[]) {
          const setting = known.find((each) => each.env === name)
          if (value !== undefined) setting?.parse(value.replace('$(POD_IP)', '10.0.0.1'))
        }
      }
    }
  })

  it('whoever drains is given the time for it', async () => {
    const STOP_DEADLINE_MS = 25_000
    for (const { spec } of await podsOf(set)) {
      const env = containersOf(spec).flatMap((each) => (each.env ?? []) as readonly Env[])
      const drain = Number(env.find(({ name }) => name === 'SOAPLANE_DRAIN_DELAY_MS')?.value ?? 0)
      const grace = (spec.terminationGracePeriodSeconds ?? 30) * 1_000
      expect(grace).toBeGreaterThanOrEqual(drain === 0 ? 0 : drain + STOP_DEADLINE_MS)
    }
  })

  it('every Service leads to a port of a pod', async () => {
    const objects = await objectsOf(set)
    const pods = await podsOf(set)
    for (const { metadata, spec } of objects.filter(isCoreService)) {
      const selected = pods.filter((pod) => isSelected(pod, spec.selector))
      expect(selected, metadata.name).toHaveLength(1)
      const ports = selected.flatMap((pod) => portsOf(pod))
      expect(ports).toEqual(expect.arrayContaining(spec.ports.map((port: { targetPort: string }) => port.targetPort)))
    }
  })

  it('every Secret that a pod reads is made here, by the job, or given', async () => {
    const objects = await objectsOf(set)
    const told = JSON.stringify(objects.find(({ kind }) => kind === 'Job') ?? {})
    const made = objects.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name)
    const given = set === 'given-secrets' ? ['control', 'registry', 'rabbitmq'] : []
    for (const name of await secretsRead(set)) {
      expect([...made, ...given, ...(told.includes(`\\"${name}\\"`) ? [name] : [])]).toContain(name)
    }
  })
})

it('Node.js is given all flags that the image gives it, some with another value', async () => {
  const nameOf = (flag: string) => flag.split('=')[0]
  const image = /NODE_OPTIONS="?([^"\n\\]*)/.exec(readFileSync(DOCKERFILE, 'utf8'))?.[1]?.trim()
  const ofPods = (await podsOf('default')).flatMap(({ spec }) =>
    containersOf(spec).flatMap(({ env = [] }) => (env as readonly Env[]).filter(({ name }) => name === 'NODE_OPTIONS')),
  )
  expect(ofPods.map(({ value = '' }) => value.split(' ').map(nameOf))).toEqual([image?.split(' ').map(nameOf)])
})

it('the example services have the ports that they listen on', async () => {
  const objects = await objectsOf('one-namespace')
  const pod = (await podsOf('one-namespace')).find(({ metadata }) => metadata.labels?.[COMPONENT] === 'examples')
  const first = examples.port.fallback
  const ports = new Map(EXAMPLES.map(({ name }, index) => [name, first + index]))
  expect(
    new Map(containersOf(pod?.spec)[0].ports.map(({ name, containerPort }: Port) => [name, containerPort])),
  ).toEqual(ports)
  const services = objects.filter(isCoreService).filter(({ metadata }) => metadata.labels?.[COMPONENT] === 'examples')
  expect(services.map(({ metadata }) => metadata.name).sort()).toEqual([...ports.keys()].sort())
})

const COMPONENT = 'app.kubernetes.io/component'

interface Port {
  readonly name: string
  readonly containerPort: number
}

async function podsOf(set: string): Promise<readonly Manifest[]> {
  return (await objectsOf(set)).flatMap((each) => podOf(each) ?? [])
}

// biome-ignore lint/suspicious/noExplicitAny: containers, as the manifests have them.
function containersOf(spec: any): readonly any[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
}

function isCoreService({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'v1' && kind === 'Service'
}

function isSelected({ metadata }: Manifest, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([name, value]) => metadata.labels?.[name] === value)
}

function portsOf({ spec }: Manifest): readonly string[] {
  return containersOf(spec).flatMap(({ ports = [] }) => ports.map(({ name }: Port) => name))
}

async function secretsRead(set: string): Promise<ReadonlySet<string>> {
  const text = JSON.stringify((await podsOf(set)).map(({ spec }) => spec))
  const names = [...text.matchAll(/"secretKeyRef":\{[^}]*"name":"([^"]+)"|"secretName":"([^"]+)"/g)]
  return new Set(names.map(([, byKey, byVolume]) => (byKey ?? byVolume) as string))
}
