import type { Compile } from '../stage.ts'

/** How fast messages pass is the business of whoever takes them from the queue: here it is only told. */
export const throttle: Compile<'throttle'> = ({ kind, name, limit, periodMs }) => {
  const did = `let it pass: at most ${limit} in any ${shown(periodMs)}`
  return { ...{ kind, name, atOnce: 1 }, run: (work) => ({ outcome: 'next', work, did }) }
}

function shown(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}
