import { readFileSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { createExpressions } from '../expression.ts'

const page = readFileSync(new URL('../../docs/reference/expressions.md', import.meta.url), 'utf8')
const body = JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? '')
// A row of the table of examples: a template, and the JSON that it gives.
const rows = [...page.matchAll(/^\| `(.*\{%.*%\}.*?)` \| `(.*)` \|$/gm)].map(([, template = '', gives = '']) => ({
  template: template.replaceAll('\\|', '|'),
  gives: JSON.parse(gives),
}))
const expressions = createExpressions()
afterAll(() => expressions.stop())

it.each(rows)('gives what the reference says of $template', async ({ template, gives }) => {
  const bindings = { headers: { tenant: 'acme' }, attempt: 1 }
  expect(await expressions.compile(template).evaluate(body, bindings)).toEqual(gives)
})

it('finds the examples in the reference', () => expect(rows).toHaveLength(13))
