import { withoutNames } from '../request/fields.ts'

/** Fields that concern the upstream's connection alone (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** End-to-end or not, by the name as it was spelled; bounded, since names are the upstream's. */
const spelled = new Map<string, boolean>()
const SPELLINGS_KEPT = 2_000

function isHopByHop(name: string): boolean {
  const known = spelled.get(name)
  if (known !== undefined) return known
  const is = HOP_BY_HOP.has(name.toLowerCase())
  if (spelled.size < SPELLINGS_KEPT) spelled.set(name, is)
  return is
}

/** The fields of an upstream's response that go to the client, flat; each Set-Cookie stays a field of its own. */
export function clientFields(raw: readonly (Buffer | string)[], extra: readonly string[]): string[] {
  const fields: string[] = []
  let nominated: readonly string[] | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i])
    if (!isHopByHop(name)) fields.push(name, text(raw[i + 1]))
    else if (name.length === 10 && name.toLowerCase() === 'connection')
      nominated = nominatedIn(text(raw[i + 1]), nominated)
  }
  for (const each of extra) fields.push(each)
  return nominated === undefined ? fields : withoutNames(fields, nominated)
}

// Fields are bytes to us: Latin-1 carries each of them there and back.
function text(value: Buffer | string | undefined): string {
  return typeof value === 'string' ? value : (value as Buffer).toString('latin1')
}

function nominatedIn(connection: string, last: readonly string[] = []): readonly string[] | undefined {
  if (connection === 'keep-alive' || connection === 'close') return last.length === 0 ? undefined : last
  const names = connection.split(',').map((each) => each.trim().toLowerCase())
  return [...last, ...names.filter((name) => name !== 'close' && name !== 'keep-alive')]
}
