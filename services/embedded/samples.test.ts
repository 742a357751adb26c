import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applySamples } from './samples.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'soaplane-samples-'))
  await writeFile(
    join(dir, '1.yaml'),
    'kind: Service\nmetadata: { name: a }\n---\nkind: Policy\nmetadata: { name: b }\n',
  )
  await writeFile(join(dir, '4.yaml'), 'kind: MessageRoute\nmetadata: { name: c, namespace: team }\n')
})
afterEach(() => rm(dir, { recursive: true }))

const running = new Map([['a', 'http://127.0.0.1:1234']])

describe('applying samples', () => {
  it('puts all of them and the endpoints of what runs into the folder, and names the objects', async () => {
    const target = join(dir, 'target')
    expect(await applySamples(dir, target, { running, bus: true })).toEqual([
      'Service default/a',
      'Policy default/b',
      'MessageRoute team/c',
    ])
    expect(await readdir(target)).toEqual(['1.yaml', '4.yaml', 'endpoints.yaml'])
    expect(await readFile(join(target, 'endpoints.yaml'), 'utf8')).toBe(
      `# Where the example services listen. This folder is written anew at each start.
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: a
  labels:
    kubernetes.io/service-name: a
addressType: IPv4
ports:
  - name: http
    port: 1234
endpoints:
  - addresses:
      - 127.0.0.1
`,
    )
  })

  it('leaves files with message routes out where there is no bus', async () => {
    const target = join(dir, 'target')
    expect(await applySamples(dir, target, { running, bus: false })).toEqual(['Service default/a', 'Policy default/b'])
    expect(await readdir(target)).toEqual(['1.yaml', 'endpoints.yaml'])
  })
})
