const SHAPE = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** Milliseconds of a Gateway API duration such as `10s` or `1h30m` (GEP-2257); undefined when it is none. */
export function durationMs(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/([0-9]{1,5})(ms|h|m|s)/g))
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  return total
}
