import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { manifestsIn, podOf } from '#test/kit/chart.ts'
import { CHART } from '#test/kit/helm.ts'
import { rowsOf } from '../../charts/readme.ts'

const root = join(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

it('the chart, its image and the package have one version', () => {
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))
  expect(chart).toMatchObject({ version, appVersion: version })
})

it.each(['charts/generate.ts', 'controller/api/generate.ts'])('what %s makes is fresh', async (generator) => {
  const { stderr } = await promisify(execFile)(process.execPath, [join(root, generator), '--verify'])
  expect(stderr).toBe('')
})

it('install.yaml holds no secret, and begins with its namespace', () => {
  const objects = manifestsIn(readFileSync(join(root, 'k8s/install.yaml'), 'utf8'))
  expect(objects[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'soaplane-system' } })
  expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([])
  expect(objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'])).toEqual([])
})

it('install.yaml runs the image that is built from this commit', () => {
  const objects = manifestsIn(readFileSync(join(root, 'k8s/install.yaml'), 'utf8'))
  const images = objects.flatMap(
    (each) => podOf(each)?.spec.containers.map(({ image }: { image: string }) => image) ?? [],
  )
  expect([...new Set(images)].sort()).toEqual(['rabbitmq:4.0-management', `soaplane:${version}`])
})

it('every value is explained', () => {
  const silent = rowsOf(readFileSync(join(CHART, 'values.yaml'), 'utf8')).filter(({ about }) => about === '')
  expect(silent.map(({ name }) => name)).toEqual([])
})
