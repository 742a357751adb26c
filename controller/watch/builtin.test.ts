import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '#lib/config.ts'
import { createLife, type Life } from '#lib/run.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { settings } from '../config.ts'
import { withRegistration } from '../registrations.ts'
import { esbService, withBuiltin } from './builtin.ts'
import { folderSource } from './folder/folder.ts'
import type { Source } from './source.ts'

const KEY = 'soaplane/soaplane-esb'
const builtin = esbService({ namespace: 'soaplane', name: 'bus', port: 'http' })
const manifest = (name: string, namespace: string) =>
  `apiVersion: soaplane.dev/v1alpha1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { url: "http://own:1" }\n`

let folder: string
let source: Source
let life: Life

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soaplane-builtin-'))
  source = withBuiltin(folderSource({ folder, defaultNamespace: 'default', log: quietLog() }), builtin)
  life = createLife(source.parts)
  await life.start()
})
afterEach(async () => {
  await life.stop(5_000)
  await rm(folder, { recursive: true })
})

describe('the bus as a Service that nobody declared', () => {
  it('is as a user would have declared it', () => {
    expect(builtin.spec).toEqual({
      name: 'esb',
      owner: 'soaplane',
      kubernetesService: { name: 'bus', port: 'http', scheme: 'http' },
      health: { type: 'http', path: '/readyz', interval: '5s', timeout: '2s', unhealthyAfter: 2, healthyAfter: 1 },
      expose: {
        paths: [
          { type: 'PathPrefix', value: '/messages' },
          { type: 'PathPrefix', value: '/channels' },
        ],
      },
    })
  })

  it('is in the watched namespace, behind an URL, where its own is not watched', () => {
    const { metadata, spec } = esbService({ url: 'http://bus.soaplane.svc:8083' }, 'team-a')
    expect([metadata.namespace, metadata.name]).toEqual(['team-a', 'soaplane-esb'])
    expect(spec).toMatchObject({ name: 'esb', url: 'http://bus.soaplane.svc:8083' })
    expect(spec).not.toHaveProperty('kubernetesService')
  })

  it('is in the world beside the others, by the same map as long as they are the same, and in no list', async () => {
    expect([...source.world().services.keys()]).toEqual([KEY])
    expect(source.world().services).toBe(source.world().services)
    await writeFile(join(folder, 'a.yaml'), manifest('a', 'default'))
    await eventually(() => expect([...source.world().services.keys()].sort()).toEqual(['default/a', KEY]))
    expect([...source.objects()].map(({ metadata }) => metadata.name)).toEqual(['a'])
    expect(source.stored(builtin)).toBeUndefined()
    expect(await source.writeStatus(builtin, {})).toBe(false)
  })

  it('gives way to a stored one of its name, and is back when that goes', async () => {
    await writeFile(join(folder, 'own.yaml'), manifest('soaplane-esb', 'soaplane'))
    await eventually(() => expect(source.world().services.get(KEY)?.spec.url).toBe('http://own:1'))
    await rm(join(folder, 'own.yaml'))
    await eventually(() => expect(source.world().services.get(KEY)).toBe(builtin))
  })

  it('cannot be taken over by a registration, which leaves nothing behind', async () => {
    let answer: ReturnType<typeof withRegistration> | undefined
    await source.upsertService('soaplane', 'soaplane-esb', (current) => {
      const who = { namespace: 'soaplane', name: 'esb', instance: 'default' }
      answer = withRegistration(current, 'soaplane-esb', who, { url: 'http://thief:1' })
      return answer.ok ? answer.object : current
    })
    expect(answer).toMatchObject({ ok: false, status: 409 })
    expect([source.world().services.get(KEY), await readdir(join(folder, 'registered'))]).toEqual([builtin, []])
  })
})

describe('the setting', () => {
  const read = (value: string) => readConfig('controller', settings, [], { SOAPLANE_ESB_SERVICE: value }).esbService

  it('names a core Service and its port', () => {
    expect([read('soaplane/bus:http'), read('soaplane/bus:8083'), read('')]).toEqual([
      { namespace: 'soaplane', name: 'bus', port: 'http' },
      { namespace: 'soaplane', name: 'bus', port: '8083' },
      undefined,
    ])
  })

  it('may be its URL', () => {
    expect(read('http://bus.soaplane.svc:8083')).toEqual({ url: 'http://bus.soaplane.svc:8083' })
  })

  it.each(['bus:http', 'soaplane/bus', 'Soaplane/bus:http', 'a/b/c:http', 'http://:8083'])('%s is none', (value) => {
    expect(() => read(value)).toThrow('SOAPLANE_ESB_SERVICE')
  })
})
