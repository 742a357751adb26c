import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const README = join(import.meta.dirname, '../../README.md')
const ANSWER = '# → '

/** One command of the README, as a shell takes it, and what is said to come of it. */
export interface Step {
  readonly command: string
  readonly answer?: string
}

/** The commands in the fenced shell blocks of one of the README's sections. */
export function readmeSteps(title: string): readonly Step[] {
  return stepsIn(readFileSync(README, 'utf8'), title)
}

export function stepsIn(markdown: string, title: string): readonly Step[] {
  const section = markdown.split(/^## /m).find((each) => each.startsWith(`${title}\n`))
  if (section === undefined) throw new Error(`there is no section "${title}"`)
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => stepsOf(block))
}

// A backslash at a line's end leads on to the next.
function stepsOf(block: string): readonly Step[] {
  const steps: Step[] = []
  for (const line of block.trim().split(/(?<!\\)\n/)) {
    const last = steps.at(-1)
    if (!line.startsWith(ANSWER)) steps.push({ command: line })
    else if (last !== undefined) steps[steps.length - 1] = { ...last, answer: line.slice(ANSWER.length) }
  }
  return steps
}
