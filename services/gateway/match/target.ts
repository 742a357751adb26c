/** A request target taken apart (RFC 9112 §3.2); `authority` only where the target itself carries one. */
export type Target =
  | { readonly ok: true; readonly rawPath: string; readonly query: string; readonly authority?: string }
  | { readonly ok: false; readonly why: string }

/** Takes apart origin-form and absolute-form; `query` carries its question mark. The two other forms never get here. */
export function targetOf(raw: string): Target {
  if (raw.includes('#')) return { ok: false, why: 'a fragment is not part of a request target' }
  if (raw.charCodeAt(0) === 47) return { ok: true, ...split(raw) }
  const [, scheme, authority, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)(.*)$/s.exec(raw) ?? []
  if (scheme === undefined || authority === undefined)
    return { ok: false, why: 'the request target must be a path or an absolute URL' }
  if (!/^https?$/i.test(scheme)) return { ok: false, why: 'the scheme of an absolute target must be http or https' }
  return { ok: true, authority, ...split(rest.startsWith('/') ? rest : `/${rest}`) }
}

function split(text: string): { readonly rawPath: string; readonly query: string } {
  const at = text.indexOf('?')
  return at < 0 ? { rawPath: text, query: '' } : { rawPath: text.slice(0, at), query: text.slice(at) }
}
