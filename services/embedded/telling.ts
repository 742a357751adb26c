import type { Part } from '#lib/run.ts'

/** Tells whoever sits at the terminal, a line at a time. */
export type Say = (line: string) => void

/** A part that says a line once it has started. */
export function telling(say: Say): (part: Part, line: () => string) => Part {
  return (part, line) => ({
    ...part,
    async start() {
      await part.start()
      say(`  ${line()}`)
    },
  })
}
