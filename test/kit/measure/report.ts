/** What a benchmark found: figures for people in tables, and what the targets say of them. */
export interface Report {
  readonly name: string
  readonly title: string
  /** How it was measured, a sentence each. */
  readonly method: readonly string[]
  readonly tables: readonly Table[]
  readonly verdicts: readonly Verdict[]
}

export interface Table {
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A target beside what was measured. */
export interface Verdict {
  readonly what: string
  readonly target: string
  readonly measured: string
  readonly met: boolean
}

export interface Target {
  readonly what: string
  readonly measured: number
  readonly show: (value: number) => string
}

export function atLeast(bound: number, { what, measured, show }: Target): Verdict {
  return { what, target: `≥ ${show(bound)}`, measured: show(measured), met: measured >= bound }
}

export function below(bound: number, { what, measured, show }: Target): Verdict {
  return { what, target: `< ${show(bound)}`, measured: show(measured), met: measured < bound }
}

export function exactly(bound: number, { what, measured, show }: Target): Verdict {
  return { what, target: `exactly ${show(bound)}`, measured: show(measured), met: measured === bound }
}

/** The report as Markdown that a terminal shows well, too. */
export function markdownOf({ title, method, tables, verdicts }: Report): string {
  const parts = [`### ${title}`, method.join(' ')]
  for (const { caption, head, rows } of tables) parts.push(`**${caption}**`, grid(head, rows))
  if (verdicts.length > 0) {
    const rows = verdicts.map(({ what, target, measured, met }) => [what, target, measured, met ? 'met' : '**missed**'])
    parts.push(grid(['target', 'must be', 'measured', ''], rows))
  }
  return `${parts.join('\n\n')}\n`
}

// First column to the left, figures to the right.
function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(3, cell.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))
  const line = (row: readonly string[]) => `| ${head.map((_, i) => pad(row[i] ?? '', i)).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** The document with the section of that name replaced; throws when it has no place for it. */
export function recorded(document: string, name: string, section: string): string {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The document has no section between ${begin} and ${end}`)
  return `${document.slice(0, from + begin.length)}\n${section.trim()}\n${document.slice(to)}`
}

/** Figures as people read them. */
export const show = {
  count: (value: number) => Math.round(value).toLocaleString('en-US'),
  ratio: (value: number) => `${value.toFixed(2)}×`,
  ms: (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`,
  us: (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} µs`,
  ns: (value: number) => `${Math.round(value).toLocaleString('en-US')} ns`,
  megabytes: (value: number) => `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB`,
  percent: (value: number) => `${Math.round(value * 100)} %`,
} as const
