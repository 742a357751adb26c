import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from './kubernetes/cache.ts'
import { telling } from './progress.ts'

/** A Python that can import the package it was asked for. */
export interface Python {
  /** Runs a script and gives what it printed; rejects with what it complained of. */
  readonly run: (script: string, ...args: readonly string[]) => Promise<string>
  /** For whoever starts a script that stays. */
  readonly command: string
  readonly env: Readonly<Record<string, string>>
}

/** Of PyPI, by its name there, which is also the module's. */
export interface PythonPackage {
  readonly name: string
  readonly version: string
  /** Of Debian. */
  readonly debian: string
}

/** This machine's Python with a package: its own, else the cached one, else installed into the cache once by pip. */
export async function pythonWith(wanted: PythonPackage): Promise<Python> {
  const { name, version } = wanted
  const command = process.env.SOAPLANE_PYTHON || 'python3'
  const { ok, output } = await tried(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
  if (!ok) throw new Error(howToGetOne(wanted, `there is no ${command}: ${output}`))
  const has = async (env: Python['env']) => (await tried(command, ['-c', `import ${name}`], env)).ok
  if (await has({})) return pythonOf(command, {})
  const folder = join(cacheFolder('python'), `${name}-${version}-py${output.trim()}`)
  const env = { PYTHONPATH: folder }
  if (!existsSync(folder)) {
    await telling(`Installing Python's ${name} ${version}`, () => install(wanted, command, folder))
  }
  if (!(await has(env))) throw new Error(`${folder} cannot be imported: remove it, and it is installed anew`)
  return pythonOf(command, env)
}

function pythonOf(command: string, env: Python['env']): Python {
  return {
    async run(script, ...args) {
      const { ok, output } = await tried(command, [script, ...args], env)
      if (!ok) throw new Error(`${script} failed: ${output}`)
      return output
    },
    command,
    env,
  }
}

// `--target` works where a system's Python is marked as externally managed, and leaves that Python alone.
async function install(wanted: PythonPackage, command: string, folder: string): Promise<void> {
  const own = await mkdtemp(join(tmpdir(), 'soaplane-python-'))
  const part = `${folder}.${process.pid}.part`
  const parcel = `${wanted.name}==${wanted.version}`
  try {
    const pip = await pipOf(wanted, command, own)
    const { ok, output } = await tried(pip, ['-m', 'pip', 'install', '--quiet', '--target', part, parcel])
    if (!ok) throw new Error(howToGetOne(wanted, `pip cannot install ${parcel}: ${output.trim()}`))
    // Another run may have been faster; its folder is as good.
    await rename(part, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(own, { recursive: true, force: true })
    await rm(part, { recursive: true, force: true })
  }
}

/** A Python that has pip: the machine's, else that of a virtual environment made for the occasion. */
async function pipOf(wanted: PythonPackage, command: string, folder: string): Promise<string> {
  if ((await tried(command, ['-m', 'pip', '--version'])).ok) return command
  const { ok, output } = await tried(command, ['-m', 'venv', folder])
  if (!ok) throw new Error(howToGetOne(wanted, `${command} has neither pip nor venv: ${output.trim()}`))
  return join(folder, 'bin', 'python3')
}

function tried(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly ok: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let printed = ''
    let complaint = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
    })
    child.stderr.on('data', (chunk) => {
      complaint += chunk
    })
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output: code === 0 ? printed : complaint || printed }))
  })
}

function howToGetOne({ name, debian }: PythonPackage, why: string): string {
  return [
    `No Python with ${name} for this test: ${why}.`,
    'Any one of these gives one:',
    `  apt-get install ${debian}: on Debian and Ubuntu`,
    '  apt-get install python3 python3-pip: it is installed into the cache, once',
    `  SOAPLANE_PYTHON=<file>: a Python 3 that can \`import ${name}\``,
  ].join('\n')
}
