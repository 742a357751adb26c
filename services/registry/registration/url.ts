import { forbiddenAddress } from '#lib/model/address.ts'

type Check = (url: string) => string | undefined

/** The first fault speaks. */
const checks: readonly Check[] = [
  forbiddenAddress, // says the most, and parses as a client will
  hasNoQuery,
  isPlain, // last: what remains is odd rather than wrong
]

/** Why a URL may not be registered; undefined when it may. */
export function refusedUrl(url: string, { allowLoopback }: { readonly allowLoopback: boolean }): string | undefined {
  for (const check of checks) {
    const why = check(url)
    if (why !== undefined) return why
  }
  if (!allowLoopback && isLoopback(url)) return 'loopback addresses are not allowed here'
  return undefined
}

function hasNoQuery(url: string): string | undefined {
  return /[?#]/.test(url) ? 'a base URL has no query and no fragment' : undefined
}

// WHATWG parsing mends backslashes, blanks and missing slashes, other parsers read them otherwise: nobody needs them.
function isPlain(url: string): string | undefined {
  return /^https?:\/\/[^\s@/?#\\]+(\/[^\s?#\\]*)?$/.test(url) && !hasControl(url)
    ? undefined
    : 'write it like http://host:port/path'
}

function hasControl(url: string): boolean {
  return [...url].some((character) => character < ' ' || character === '\u007f')
}

function isLoopback(url: string): boolean {
  const host = new URL(url).hostname.replace(/\.$/, '').toLowerCase()
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host.startsWith('127.') ||
    host === '[::1]' ||
    host.startsWith('[::ffff:7f')
  )
}
