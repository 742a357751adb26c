import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Backend, startBackend } from '#test/kit/backend.ts'
import { eventually } from '#test/kit/eventually.ts'
import { type Load, startLoad } from '#test/kit/load.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'

let platform: Platform
let backend: Backend
let load: Load

const yaml = (name: string, path: string) => `apiVersion: soaplane.dev/v1alpha1
kind: Service
metadata: { name: ${name} }
spec:
  url: ${backend.url}
  expose: { paths: [{ value: ${path} }] }
`
const status = async (path: string) => (await fetch(`${platform.gateways[0]?.url()}${path}`)).status
const serves = (path: string) => eventually(async () => expect(await status(path)).toBe(200))
const errors = async () => ((await platform.control('/errors')) as { items: readonly object[] }).items

beforeAll(async () => {
  backend = await startBackend('hello')
  platform = await startPlatform()
  await platform.write('good.yaml', yaml('good', '/good'))
  await serves('/good')
  load = startLoad([`${platform.gateways[0]?.url()}/good`])
})
beforeEach(() => eventually(async () => expect(await errors()).toEqual([])))
afterAll(async () => {
  const seen = await load?.stop()
  await platform?.stop()
  await backend?.stop()
  // Whatever was broken beside it, the good one never failed.
  expect(Object.keys(seen ?? {})).toEqual(['200'])
})

it('a file that is no YAML is named with its line; the others are served', async () => {
  await platform.write('broken.yaml', 'kind: Service\nspec: [unclosed\n')
  await eventually(async () =>
    expect(await errors()).toEqual([
      { file: 'broken.yaml', document: 1, line: 3, field: '', message: expect.stringContaining('Flow sequence') },
    ]),
  )
  await platform.write('later.yaml', yaml('later', '/later'))
  await serves('/later')
  await platform.remove('broken.yaml')
})

it('a document that is refused is named by file, document and field; its neighbours in the same file are served', async () => {
  const wrong = yaml('wrong', '/wrong').replace(backend.url, 'ftp://host/')
  await platform.write('three.yaml', [yaml('one', '/one'), wrong, yaml('three', '/three')].join('---\n'))
  await serves('/one')
  await serves('/three')
  expect(await errors()).toEqual([
    {
      file: 'three.yaml',
      document: 2,
      line: 12,
      object: 'Service/default/wrong',
      field: 'spec.url',
      message: expect.stringContaining('must match pattern'),
    },
  ])
  expect(await platform.object('services', 'wrong')).toBeUndefined()
  await platform.remove('three.yaml')
  await eventually(async () => expect(await status('/one')).toBe(404))
})

it.each([
  {
    how: 'by a rule across fields',
    broken: (text: string) => text.replace('/kept', '/a//b'),
    field: 'spec.expose.paths[0]',
  },
  { how: 'by a field that nobody knows', broken: (text: string) => `${text}  colour: red\n`, field: 'spec.colour' },
  { how: 'in its YAML', broken: (text: string) => `${text}\t: [\n`, field: '' },
])('a good file that breaks $how serves on as it last was, until it is mended', async ({ broken, field }) => {
  await platform.write('kept.yaml', yaml('kept', '/kept'))
  await serves('/kept')
  const before = await platform.object('services', 'kept')
  await platform.write('kept.yaml', broken(yaml('kept', '/kept')))
  await eventually(async () => expect(await errors()).toMatchObject([{ file: 'kept.yaml', document: 1, field }]))
  expect(await status('/kept')).toBe(200)
  expect((await platform.object('services', 'kept'))?.metadata.uid).toBe(before?.metadata.uid)
  await platform.write('kept.yaml', yaml('kept', '/mended'))
  await serves('/mended')
  expect(await status('/kept')).toBe(404)
})

it('of two files that name one object the first holds it, and the other is told', async () => {
  await platform.write('x-first.yaml', yaml('twice', '/first'))
  await serves('/first')
  await platform.write('y-second.yaml', yaml('twice', '/second'))
  await eventually(async () =>
    expect(await errors()).toEqual([
      {
        file: 'y-second.yaml',
        document: 1,
        object: 'Service/default/twice',
        field: 'metadata.name',
        message: 'Service/default/twice is held by x-first.yaml; rename or remove one',
      },
    ]),
  )
  expect([await status('/first'), await status('/second')]).toEqual([200, 404])
  await platform.remove('x-first.yaml')
  await serves('/second')
})
