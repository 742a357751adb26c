import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { telling } from '#test/kit/progress.ts'

const PACKAGES = { wrk: 'wrk', nginx: 'nginx', taskset: 'util-linux' } as const

/** The path of a program: installs Debian's package when it is missing and may be, else fails with what to do. */
export async function needs(program: keyof typeof PACKAGES): Promise<string> {
  const there = pathOf(program)
  if (there !== undefined) return there
  const package_ = PACKAGES[program]
  if (process.getuid?.() === 0 && pathOf('apt-get') !== undefined) {
    await telling(`Installing ${package_} with apt-get`, async () => withoutServices(() => aptInstall(package_)))
  }
  const path = pathOf(program)
  if (path === undefined) throw new Error(`${program} is needed and not here: apt-get install ${package_}`)
  return path
}

// Debian keeps servers where an ordinary user's path does not lead.
function pathOf(program: string): string | undefined {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { env, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

function aptInstall(package_: string): void {
  const apt = (...args: readonly string[]) =>
    spawnSync('apt-get', ['-q', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: 'ignore',
      timeout: 600_000,
    }).status === 0
  const install = () => apt('install', '--yes', '--no-install-recommends', package_)
  if (!install() && apt('update')) install()
}

const POLICY = '/usr/sbin/policy-rc.d'

/** Debian starts a server that it installs, on its standard port; this asks it not to, in the way its policy provides for. */
function withoutServices(install: () => void): void {
  let isOurs = false
  try {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 })
    isOurs = true
  } catch (error) {
    // A machine that has a policy keeps its own.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  try {
    install()
  } finally {
    if (isOurs) rmSync(POLICY, { force: true })
  }
}
