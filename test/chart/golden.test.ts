import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { goldenOf, type Manifest, objectsOf, VALUE_SETS, valuesOf } from '#test/kit/chart.ts'

// Each pair in test/golden/chart: `<set>.values.yaml`, and `<set>.out.yaml`: for the defaults every object that the chart
// makes, for the others those that are not as by default.
// UPDATE_GOLDEN=1 writes the second anew: read the difference before you commit it.
describe('values become objects', () => {
  let byDefault: ReadonlyMap<string, string>
  beforeAll(async () => {
    byDefault = await shownObjects('default')
  })

  it.each(VALUE_SETS)('%s', async (set) => {
    const about = readFileSync(valuesOf(set), 'utf8').split('\n')[0]
    const objects = await shownObjects(set)
    const differing = set === 'default' ? objects : without(objects, byDefault)
    const gone = [...byDefault.keys()].filter((name) => !objects.has(name)).map((name) => `# without ${name}`)
    const actual = `${[[about, ...gone].join('\n'), ...differing.values()].join('\n---\n')}`
    const file = goldenOf(set)
    if (process.env.UPDATE_GOLDEN === '1' || !existsSync(file)) {
      if (process.env.CI) throw new Error(`${file} is missing`)
      writeFileSync(file, actual)
    }
    expect(actual).toBe(readFileSync(file, 'utf8'))
  })

  it('there are sets', () => expect(VALUE_SETS.length).toBeGreaterThan(5))
})

async function shownObjects(set: string): Promise<ReadonlyMap<string, string>> {
  const objects = await objectsOf(set)
  return new Map(
    objects.map((each) => [`${each.kind} ${each.metadata.name}`, stringify(shown(each), { lineWidth: 0 })]),
  )
}

function without(objects: ReadonlyMap<string, string>, same: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...objects].filter(([name, text]) => same.get(name) !== text))
}

/** Without what is of chance, and without what is proved elsewhere to be what it was generated from. */
function shown({ kind, ...object }: Manifest): object {
  if (kind === 'Secret') {
    const keys = Object.keys(object.data).map((key) => [key, '(generated)'])
    return { kind, ...object, data: Object.fromEntries(keys) }
  }
  if (kind === 'CustomResourceDefinition') return { kind, ...object, spec: '(k8s/crds)' }
  if (object.metadata.name.endsWith('-dashboard')) return { kind, ...object, data: '(files/dashboard.json)' }
  return { kind, ...object }
}
