/**
 * Whether a regular expression takes time in proportion to the text, whatever the text. Patterns that backtrack in more
 * than one place can take years for thirty characters; a reader of patterns that knows few forms, and doubts the rest, is
 * enough: what is doubtful runs where it can be ended.
 *
 * Taken for harmless: no group is repeated, no look-around, no back reference, few ways through the bounded parts, and
 * nothing unbounded but one atom, which stands at the very end or behind a `^` (where only one start is tried).
 */
export function isHarmless(pattern: string, flags = ''): boolean {
  if (pattern.length > MAX_CHARS || /[^giu]/.test(flags)) return false
  const found = scanned(pattern)
  if (found === undefined || found.ways > MAX_WAYS || found.unbounded > 1) return false
  if (found.unbounded === 0 || found.endsUnbounded) return true
  return pattern.startsWith('^') && !found.hasChoice
}

const MAX_CHARS = 500
/** Each place in the text is tried in at most so many ways. */
const MAX_WAYS = 128

interface Found {
  unbounded: number
  /** The unbounded atom has nothing behind it that could fail. */
  endsUnbounded: boolean
  hasChoice: boolean
  ways: number
}

// One token: an escape, a class, a quantifier, the beginning of a group, or a single character.
const TOKEN =
  /(?<escaped>\\(?:u\{[^}]*\}|[pP]\{[^}]*\}|.))|(?<class>\[(?:\\.|[^\]\\])*\])|(?<quantifier>[*+?]\??|\{(?<min>\d+)(?<more>,(?<max>\d*))?\}\??)|(?<open>\((?:\?(?::|<[A-Za-z]\w*>))?)|(?<other>.)/gsu

function scanned(pattern: string): Found | undefined {
  const found: Found = { unbounded: 0, endsUnbounded: false, hasChoice: false, ways: 1 }
  let last: 'atom' | 'group' | 'none' = 'none'
  for (const { groups = {} } of pattern.matchAll(TOKEN)) {
    const { escaped, quantifier, open, other } = groups
    // \1 and \k refer to what was matched before.
    if (escaped !== undefined && /^\\[1-9k]/.test(escaped)) return undefined
    if (quantifier !== undefined) {
      if (!isQuantified(found, last, groups)) return undefined
      last = 'none'
      continue
    }
    // `(` without its colon or name is followed by `?` for look-arounds: a quantifier of nothing, refused above.
    if (other === ')') {
      last = 'group'
      continue
    }
    if (other === '|') {
      found.hasChoice = true
      found.ways *= 2
    }
    found.endsUnbounded = false
    last = open !== undefined || other === '|' || other === '^' ? 'none' : 'atom'
  }
  return found
}

/** Notes what a quantifier adds; false where it stands behind something that must not be repeated. */
function isQuantified(
  found: Found,
  last: 'atom' | 'group' | 'none',
  groups: Record<string, string | undefined>,
): boolean {
  const { quantifier = '', min, more, max } = groups
  if (last === 'none') return false
  if (quantifier.startsWith('?')) {
    found.ways *= 2
    found.endsUnbounded = false
    return true
  }
  if (last === 'group') return false
  if (min !== undefined && (more === undefined || max !== '')) {
    found.ways *= Number(max ?? min) - Number(min) + 1
    found.endsUnbounded = false
    return Number(max ?? min) <= MAX_WAYS
  }
  found.unbounded++
  found.endsUnbounded = true
  return true
}
