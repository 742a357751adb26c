import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type { Counter, Gauge, Histogram } from 'prom-client'

/** One deployable's metrics. Names: `soa_<service>_<noun>_<unit|total>`, but for names the field already has. */
export interface Metrics {
  readonly counter: <L extends string = never>(name: string, help: string, labels?: readonly L[]) => Counter<L>
  /** `collect` fills the gauge anew at each scrape: for values that are derived from state held elsewhere. */
  readonly gauge: <L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    collect?: (gauge: Gauge<L>) => void,
  ) => Gauge<L>
  readonly histogram: <L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly L[],
  ) => Histogram<L>
  readonly contentType: string
  /** The exposition text of every metric. */
  readonly text: () => Promise<string>
}

/** `process: false` leaves out the process's own series: for a second deployable in the same process. */
export function createMetrics({ process: withProcess = true } = {}): Metrics {
  const registry = new Registry()
  if (withProcess) collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    counter: (name, help, labelNames = []) => new Counter({ name, help, labelNames: [...labelNames], registers }),
    gauge: (name, help, labelNames = [], collect = undefined) =>
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers,
        ...(collect && {
          collect() {
            this.reset()
            collect(this)
          },
        }),
      }),
    histogram: (name, help, buckets, labelNames = []) =>
      new Histogram({ name, help, buckets: [...buckets], labelNames: [...labelNames], registers }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}

/** Seconds, from half a millisecond to ten: fits a hop as well as a slow upstream. */
export const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
