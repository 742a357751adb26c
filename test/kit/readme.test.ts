import { expect, it } from 'vitest'
import { stepsIn } from './readme.ts'

const markdown = `# Title

## One

\`\`\`sh
first
\`\`\`

## Two

Words, and \`\`\`yaml\`\`\`.

\`\`\`sh
second \\
  line
# → told
third &
\`\`\`

\`\`\`yaml
not: this
\`\`\`

\`\`\`sh
fourth
\`\`\`
`

it('finds the commands of a section and what they answer', () => {
  expect(stepsIn(markdown, 'Two')).toEqual([
    { command: 'second \\\n  line', answer: 'told' },
    { command: 'third &' },
    { command: 'fourth' },
  ])
})

it('knows when the section is gone', () => {
  expect(() => stepsIn(markdown, 'Three')).toThrow('there is no section "Three"')
})
