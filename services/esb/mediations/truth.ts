/** Whether JSONata's `$boolean` would give true: empty things, zero, nothing and functions are false, a list is as any of its items. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue)
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return typeof value !== 'function' && Boolean(value)
}
