/** What a list of measurements comes to. */
export interface Summary {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The nearest-rank percentile: a value that was measured, never one between two. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new Error('There is no percentile of nothing')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number
}

export function summaryOf(values: readonly number[]): Summary {
  const at = (percent: number) => percentile(values, percent)
  return { count: values.length, p50: at(50), p99: at(99), max: at(100) }
}

/** The item whose figure stands in the middle: of several rounds the one to report, whole. */
export function middleBy<T>(items: readonly T[], figure: (item: T) => number): T {
  const middle = percentile(items.map(figure), 50)
  return items.find((item) => figure(item) === middle) as T
}
