const METADATA_HOSTS = new Set(['metadata.google.internal', 'metadata', 'instance-data', 'instance-data.ec2.internal'])
const METADATA_ADDRESSES = new Set(['100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'])

/**
 * Why an endpoint's URL may not be dialled, or undefined when it may: other schemes, credentials, and the addresses
 * at which clouds hand out machine identities. WHATWG parsing folds odd spellings (decimal, hex, octal) first.
 */
export function forbiddenAddress(url: string): string | undefined {
  const parsed = URL.parse(url)
  if (parsed === null) return 'not a valid URL'
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return 'the scheme must be http or https'
  if (parsed.username !== '' || parsed.password !== '') return 'credentials do not belong in a URL'
  const host = plain(parsed.hostname)
  if (METADATA_HOSTS.has(host) || METADATA_ADDRESSES.has(host)) return 'this is a cloud metadata address'
  if (/^169\.254\./.test(host) || /^fe[89ab][0-9a-f]:/.test(host))
    return 'link-local addresses, cloud metadata among them, are not allowed'
  if (host === '0.0.0.0' || host === '::') return 'the unspecified address is no endpoint'
  return undefined
}

// `[::ffff:a9fe:a9fe]` is 169.254.169.254 again; a trailing dot names the same host.
function plain(hostname: string): string {
  const host = hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  const [, high, low] = /^::(?:ffff:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ?? []
  if (high === undefined || low === undefined) return host
  const [h, l] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return `${h >> 8}.${h & 255}.${l >> 8}.${l & 255}`
}
