/** A request target's path as it is matched and forwarded, or why it is refused. */
export type Normalised = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string }

const SLASH = 47
const DOT = 46

/**
 * One string for everything: what this returns is matched and forwarded, so no upstream sees another path than was judged.
 * RFC 3986 §5.2.4 (dot segments), §6.2.2 (case of escapes, escapes of unreserved characters); slashes are merged. Refused
 * is what servers read in more than one way: backslash, fragment, escaped slash, backslash, NUL and percent.
 */
export function normalisePath(raw: string): Normalised {
  return isPlain(raw) ? { ok: true, path: raw } : normalised(raw)
}

// Most paths: nothing to decode, merge or resolve. No regular expression, for one pass without allocation.
function isPlain(raw: string): boolean {
  let last = 0
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i)
    if (last === SLASH && (code === SLASH || code === DOT)) return false
    if (PLAIN[code] !== 1) return false
    last = code
  }
  return raw.charCodeAt(0) === SLASH
}

// RFC 3986 pchar and "/", without "%"; ";" starts path parameters, which the slow path looks at.
const PLAIN = new Uint8Array(128)
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/")
  PLAIN[character.charCodeAt(0)] = 1

function normalised(raw: string): Normalised {
  const why = fault(raw)
  if (why !== undefined) return { ok: false, why }
  const decoded = raw.replace(/%[0-9a-fA-F]{2}/g, unescaped)
  const kept: string[] = []
  const segments = decoded.split('/').slice(1)
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1
    // `..;x` is `..` to servers that cut path parameters off.
    const [bare = ''] = segment.split(';', 1)
    if (bare === '..') {
      if (kept.length === 0) return { ok: false, why: 'the path leads above its root' }
      kept.pop()
    } else if (bare !== '.' && segment !== '') kept.push(segment)
    // A trailing slash says something else than none: it stays.
    if (isLast && (bare === '..' || bare === '.' || segment === '')) kept.push('')
  }
  return { ok: true, path: `/${kept.join('/')}` }
}

function fault(raw: string): string | undefined {
  if (!raw.startsWith('/')) return 'the path must start with a slash'
  if (raw.includes('\\')) return 'a backslash is not allowed in a path'
  if (/[^\x21-\x7e]/.test(raw)) return 'characters outside of ASCII must be percent-encoded'
  if (/%(?![0-9a-fA-F]{2})/.test(raw)) return 'a percent sign must be followed by two hexadecimal digits'
  if (/%(00|25|2f|5c)/i.test(raw)) return 'an encoded slash, backslash, percent sign or NUL is not allowed in a path'
  return undefined
}

function unescaped(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
  return /[A-Za-z0-9\-._~]/.test(character) ? character : triplet.toUpperCase()
}
