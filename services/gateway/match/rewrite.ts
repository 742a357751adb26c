import type { RouteMatch } from '#lib/model/gateway.ts'
import { normalisePath } from './path.ts'
import { prefixKey } from './table.ts'

/**
 * The path that goes upstream: the matched path or prefix replaced where the rule says so, behind the endpoint's own base
 * path. Undefined when the result would lead out of what it was rewritten to.
 */
export function upstreamPath({ path: { type, value }, rewrite }: RouteMatch, path: string): string | undefined {
  if (rewrite === undefined) return path
  const rest = type === 'Exact' ? '' : path.slice(prefixKey(value).length)
  const joined = rest === '' ? rewrite : `${prefixKey(rewrite)}${rest.startsWith('/') ? rest : `/${rest}`}`
  // Judged again: what was harmless behind one prefix may not be behind another.
  const checked = normalisePath(joined)
  return checked.ok ? checked.path : undefined
}
