import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLife, type Life } from '#lib/run.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { sayError } from './file.ts'
import { type FolderSource, folderSource } from './folder.ts'

let folder: string
let source: FolderSource
let life: Life
let changes = 0

const service = (name: string, spec: string, more = '') =>
  `apiVersion: soaplane.dev/v1alpha1\nkind: Service\nmetadata: { name: ${name}${more} }\nspec: ${spec}\n`
const urlOf = (key: string) => source.world().services.get(key)?.spec.url
const write = (file: string, text: string) => writeFile(join(folder, file), text)
const errors = () => source.errors().map(sayError)

async function start(): Promise<void> {
  source = folderSource({ folder, defaultNamespace: 'default', log: quietLog() })
  source.onChange(() => {
    changes += 1
  })
  life = createLife(source.parts)
  await life.start()
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soaplane-folder-'))
})
afterEach(async () => {
  await life.stop(5_000)
  await rm(folder, { recursive: true })
})

describe('a folder of YAML', () => {
  it('gives what it holds at the start, then each file that comes, changes and goes', async () => {
    await write('a.yaml', service('a', '{ url: "http://a:1" }'))
    await start()
    expect(urlOf('default/a')).toBe('http://a:1')
    await write('b.yml', service('b', '{ url: "http://b:1" }', ', namespace: shop'))
    await eventually(() => expect(urlOf('shop/b')).toBe('http://b:1'))
    await write('a.yaml', service('a', '{ url: "http://a:2" }'))
    await eventually(() => expect(urlOf('default/a')).toBe('http://a:2'))
    await rm(join(folder, 'b.yml'))
    await eventually(() => expect(urlOf('shop/b')).toBeUndefined())
  })

  it('counts generations by spec, keeps uid and age, and sees an editor that renames into place', async () => {
    await write('a.yaml', service('a', '{ url: "http://a:1" }'))
    await start()
    const first = source.world().services.get('default/a')?.metadata
    await write('.a.swp', service('a', '{ url: "http://a:1" }', ', labels: { x: y }'))
    await rename(join(folder, '.a.swp'), join(folder, 'a.yaml'))
    const labelled = await eventually(() => {
      const metadata = source.world().services.get('default/a')?.metadata
      expect(metadata?.labels).toEqual({ x: 'y' })
      return metadata
    })
    expect({ ...labelled, labels: undefined, resourceVersion: '' }).toEqual({
      ...first,
      labels: undefined,
      resourceVersion: '',
    })
    await write('a.yaml', service('a', '{ url: "http://a:2" }'))
    await eventually(() => expect(source.world().services.get('default/a')?.metadata.generation).toBe(2))
  })

  it('names file, document and field of what it refuses, and never lets it disturb the rest', async () => {
    await write(
      'bad.yaml',
      `${service('good', '{ url: "http://g:1" }')}---\n${service('bad', '{ url: "http://b:1", colour: red }')}`,
    )
    await write('worse.yaml', 'kind: [')
    await start()
    expect(urlOf('default/good')).toBe('http://g:1')
    expect(errors()).toEqual([
      'bad.yaml:9 document 2: spec.colour: unknown field',
      expect.stringMatching(/^worse\.yaml:\d+ document 1: /),
    ])
  })

  it('keeps the last good object while its document is broken, and takes it up again when mended', async () => {
    await write('a.yaml', service('a', '{ url: "http://a:1" }'))
    await start()
    await write('a.yaml', service('a', '{ url: "nonsense" }'))
    await eventually(() => expect(errors()).toHaveLength(1))
    expect(urlOf('default/a')).toBe('http://a:1')
    await write('a.yaml', `${service('a', '{ url: "http://a:1" }')}: : :`)
    await eventually(() => expect(errors()[0]).toMatch(/^a\.yaml:\d+ document 1: /))
    expect(urlOf('default/a')).toBe('http://a:1')
    await write('a.yaml', service('a', '{ url: "http://a:3" }'))
    await eventually(() => expect(urlOf('default/a')).toBe('http://a:3'))
    expect(errors()).toEqual([])
  })

  it('lets the first of two files hold an object, tells the other, and hands over when the first goes', async () => {
    await write('1.yaml', service('a', '{ url: "http://a:1" }'))
    await write('2.yaml', service('a', '{ url: "http://a:2" }'))
    await start()
    expect([urlOf('default/a'), errors()]).toEqual([
      'http://a:1',
      ['2.yaml document 1: metadata.name: Service/default/a is held by 1.yaml; rename or remove one'],
    ])
    await rm(join(folder, '1.yaml'))
    await eventually(() => expect(urlOf('default/a')).toBe('http://a:2'))
  })

  it('is not fooled by aliases that would grow without end', async () => {
    const bomb = Array.from(
      { length: 9 },
      (_, i) =>
        `l${i}: &l${i} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*l${i - 1}`)
                .join(', ')
        }]`,
    ).join('\n')
    await write('bomb.yaml', bomb)
    await start()
    expect(errors()).toEqual([expect.stringMatching(/^bomb\.yaml/)])
  })
})

describe('writes', () => {
  it('an upsert is in the world when it resolves, in registered/ for the next start, one after the other', async () => {
    await start()
    const named = (n: number) =>
      ({ metadata: { name: 'x', namespace: 'default' }, kind: 'Service', spec: { url: `http://x:${n}` } }) as never
    await Promise.all(
      [1, 2, 3].map((n) =>
        source.upsertService('default', 'x', (current) =>
          current ? { ...current, spec: { url: `${current.spec.url}${n}` } } : named(n),
        ),
      ),
    )
    expect(urlOf('default/x')).toBe('http://x:123')
    expect(await readdir(join(folder, 'registered'))).toEqual(['default.x.yaml'])
    await life.stop(5_000)
    await start()
    expect(urlOf('default/x')).toBe('http://x:123')
    await source.upsertService('default', 'x', () => undefined)
    expect([urlOf('default/x'), await readdir(join(folder, 'registered'))]).toEqual([undefined, []])
  })

  it('an edit that changes nothing writes nothing', async () => {
    await write('a.yaml', service('a', '{ url: "http://a:1" }'))
    await start()
    const before = await readFile(join(folder, 'a.yaml'), 'utf8')
    changes = 0
    await source.upsertService('default', 'a', (current) => current)
    expect([
      changes,
      await readdir(join(folder, 'registered')),
      await readFile(join(folder, 'a.yaml'), 'utf8'),
    ]).toEqual([0, [], before])
  })

  it('a status is taken for the version it was made for, and outlives a change of the spec', async () => {
    await write('a.yaml', service('a', '{ url: "http://a:1" }'))
    await start()
    const object = source.world().services.get('default/a')
    if (object === undefined) throw new Error('no object')
    expect(await source.writeStatus(object, { endpoints: 1 })).toBe(true)
    expect(await source.writeStatus(object, { endpoints: 2 })).toBe(false)
    // The world stays as it is: a status asks for nothing.
    expect(source.world().services.get('default/a')).toBe(object)
    expect(source.stored(object)?.status).toEqual({ endpoints: 1 })
    expect([...source.objects()]).toEqual([source.stored(object)])
    await write('a.yaml', service('a', '{ url: "http://a:2" }'))
    await eventually(() => expect(urlOf('default/a')).toBe('http://a:2'))
    expect(source.world().services.get('default/a')?.status).toEqual({ endpoints: 1 })
    expect(source.stored(object)).toBeUndefined()
  })
})

describe('an EndpointSlice', () => {
  it('stands in for what Kubernetes would know of a core Service', async () => {
    const slice =
      'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: web, labels: { kubernetes.io/service-name: web } }\n'
    await write(
      'slice.yaml',
      `${slice}addressType: IPv4\nports: [{ name: http, port: 5001 }]\nendpoints: [{ addresses: [127.0.0.1] }]\n`,
    )
    await write('broken.yaml', slice.replace('name: web,', 'name: broken,'))
    await start()
    expect([...source.world().endpointSlices.values()]).toMatchObject([
      { metadata: { name: 'web' }, endpoints: [{ addresses: ['127.0.0.1'] }] },
    ])
    expect(errors()).toEqual([
      'broken.yaml:1 document 1: addressType: is required',
      'broken.yaml:1 document 1: endpoints: is required',
    ])
  })
})
