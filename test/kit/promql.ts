/** What a PromQL expression asks for: metric names, and for each the labels that the expression expects it to have. */
export type Asked = ReadonlyMap<string, ReadonlySet<string>>

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'group_left', 'group_right'])
const GROUPING = /\b(by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g

/** Reads an expression as far as metrics and labels go; labels of a grouping are asked of every metric in it. */
export function askedIn(expr: string): Asked {
  const grouped = [...expr.matchAll(GROUPING)]
    .filter(([, word]) => word === 'by' || word === 'on')
    .flatMap(([, , labels = '']) => labels.split(',').map((each) => each.trim()))
  const bare = expr
    .replace(GROUPING, ' ')
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\[[^\]]*\]/g, ' ')
    // Numbers and durations: 1e3, 5m.
    .replace(/\b\d[\w.]*/g, ' ')
  const asked = new Map<string, Set<string>>()
  for (const [, name = '', selector = '', call] of bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?\s*(\()?/g)) {
    if (call !== undefined || WORDS.has(name)) continue
    const selected = [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label)
    asked.set(name, new Set([...(asked.get(name) ?? []), ...grouped, ...selected]))
  }
  return asked
}

/** Several expressions, as one. */
export function askedInAll(exprs: readonly string[]): Asked {
  const all = new Map<string, ReadonlySet<string>>()
  for (const expr of exprs) {
    for (const [name, labels] of askedIn(expr)) all.set(name, new Set([...(all.get(name) ?? []), ...labels]))
  }
  return all
}
