import { expect, it } from 'vitest'
import { readWrk } from './wrk-report.ts'

const told = {
  requests: 30_000,
  duration_us: 3_000_000,
  p50_us: 1_500,
  p99_us: 4_250,
  max_us: 9_000,
  connect: 0,
  read: 1,
  write: 0,
  status: 2,
  timeout: 3,
}

it('reads what load.lua printed among what wrk printed', () => {
  const output = `Running 3s test @ http://127.0.0.1:1\n  1 threads\nsoaplane-bench ${JSON.stringify(told)}\n`
  expect(readWrk(output)).toEqual({
    requests: 30_000,
    seconds: 3,
    requestsPerSecond: 10_000,
    p50Ms: 1.5,
    p99Ms: 4.25,
    maxMs: 9,
    failed: 6,
  })
})

it('shows what wrk said instead of a result', () => {
  expect(() => readWrk('unable to connect to 127.0.0.1:1')).toThrow('wrk told no result:\nunable to connect')
})

it('names the figure that is missing', () => {
  const { p99_us: _, ...rest } = told
  expect(() => readWrk(`soaplane-bench ${JSON.stringify(rest)}`)).toThrow('wrk told no p99_us')
})
