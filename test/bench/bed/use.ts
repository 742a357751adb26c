import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpuMsOf, sizeOf } from '#test/kit/measure/proc.ts'

/** What a process has used so far. */
export interface ProcessUse {
  /** Processor time, user and system, of all its threads. */
  readonly cpuMs: number
  readonly rssBytes: number
  /** The most it ever held. */
  readonly peakRssBytes: number
}

let ticks: number | undefined

/** Reads what a live process has used; Linux only. */
export function useOf(pid: number): ProcessUse {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuMs: cpuMsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'), ticks),
    rssBytes: sizeOf(status, 'VmRSS'),
    peakRssBytes: sizeOf(status, 'VmHWM'),
  }
}

/** The process and its children: nginx does its work in one of them. */
export function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(familyOf)]
}

export function sum(uses: readonly ProcessUse[]): ProcessUse {
  const total = (field: keyof ProcessUse) => uses.reduce((all, use) => all + use[field], 0)
  return { cpuMs: total('cpuMs'), rssBytes: total('rssBytes'), peakRssBytes: total('peakRssBytes') }
}
