/** A step of a guide, in its order: a file that the reader writes, or a command and what it prints. */
export type GuideStep =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'command'; readonly command: string; readonly output: readonly string[] }

const BLOCK = /^```(console|yaml|python)\n(.*?)^```$/gms
/** Stands for anything, within a line. */
const ANYTHING = '…'

/** Steps of a Markdown text: `console` blocks, and others whose first line is a comment with a path. */
export function guideSteps(markdown: string): readonly GuideStep[] {
  return [...markdown.matchAll(BLOCK)].flatMap(([, language, block = '']): readonly GuideStep[] => {
    if (language === 'console') return commandsIn(block)
    const path = /^# (\S+)\n/.exec(block)?.[1]
    return path === undefined ? [] : [{ kind: 'file', path, text: block }]
  })
}

// `$ ` begins a command, a backslash at a line's end leads on to the next; what follows is what it prints.
function commandsIn(block: string): readonly GuideStep[] {
  return block.split(/^\$ /m).flatMap((part): readonly GuideStep[] => {
    if (part.trim() === '') return []
    const [command = '', ...output] = part.trimEnd().split(/(?<!\\)\n/)
    return [{ kind: 'command', command, output }]
  })
}

/** What was printed, with each line that is as it should be in the words of the guide: what differs stands out. */
export function asToldIn(expected: readonly string[], printed: string): readonly string[] {
  const lines = printed.trimEnd() === '' ? [] : printed.trimEnd().split('\n')
  return lines.map((line, i) => {
    const told = expected[i]
    return told !== undefined && patternOf(told).test(line) ? told : line
  })
}

function patternOf(line: string): RegExp {
  const parts = line.split(ANYTHING).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
