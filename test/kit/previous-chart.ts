import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHART } from './helm.ts'

/** The chart of a time when Services had no owner, in a folder; each of its pods differs from those of today. */
export async function previousChart(folder: string): Promise<string> {
  const chart = join(folder, 'previous')
  await cp(CHART, chart, { recursive: true })
  await change(join(chart, 'files/crds/services.yaml'), /^ {16}owner:\n(?: {18}.*\n)+/m, '')
  await change(join(chart, 'values.yaml'), 'podAnnotations: {}', 'podAnnotations: { soaplane.example/chart: previous }')
  await change(join(chart, 'Chart.yaml'), /^version: .*$/m, 'version: 0.0.0-previous')
  return chart
}

async function change(file: string, from: string | RegExp, to: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  const after = before.replace(from, to)
  if (after === before) throw new Error(`${file} has no ${from}`)
  await writeFile(file, after)
}
