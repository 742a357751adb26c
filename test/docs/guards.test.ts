import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const rows = readFileSync(join(root, 'docs/reference/guards.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`: '))
const named = rows.flatMap((row) =>
  [...row.matchAll(/`([\w/.-]+\.test\.ts)`: “([^”]+)”/g)].map(([, file, title]) => ({ file, title })),
)

it('the table of guards names tests, at least one a row', () => {
  expect(rows.length).toBeGreaterThan(25)
  expect(rows.filter((row) => !row.includes('”'))).toEqual([])
})

it.each(named)('$file has “$title”', ({ file, title }) => {
  expect(readFileSync(join(root, file as string), 'utf8')).toContain(title)
})
