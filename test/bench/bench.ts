import type { Report } from '#test/kit/measure/report.ts'

export interface BenchOptions {
  /** Length of one run under load. */
  readonly seconds: number
  /** Runs of each thing that is compared; the middle one is reported. */
  readonly rounds: number
  /** Changes, registrations or the like where each is one measurement. */
  readonly samples: number
  /** The most services to measure memory with. */
  readonly services: number
  readonly tell: (line: string) => void
}

/** A benchmark: bounded in count and time, cleans up after itself, throws when it could not measure. */
export type Bench = (options: BenchOptions) => Promise<Outcome>

export interface Outcome {
  readonly report: Report
  /** Every measurement behind the report, for machines. */
  readonly raw: unknown
}
