import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from './kubernetes/cache.ts'
import { telling } from './progress.ts'

/** A Python that can `import requests`. */
export interface Python {
  /** Runs a script and gives what it printed; rejects with what it complained of. */
  readonly run: (script: string, ...args: readonly string[]) => Promise<string>
}

const REQUESTS = 'requests==2.32.5'

/** This machine's Python with `requests`: its own, else the cached one, else installed into the cache once by pip. */
export async function pythonWithRequests(): Promise<Python> {
  const command = process.env.SOAPLANE_PYTHON || 'python3'
  const { ok, output: version } = await tried(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
  if (!ok) throw new Error(howToGetOne(`there is no ${command}: ${version}`))
  const has = async (env: NodeJS.ProcessEnv) => (await tried(command, ['-c', 'import requests'], env)).ok
  if (await has({})) return pythonOf(command, {})
  const folder = join(cacheFolder('python'), `${REQUESTS.replace('==', '-')}-py${version.trim()}`)
  const env = { PYTHONPATH: folder }
  if (!existsSync(folder)) await telling(`Installing Python's ${REQUESTS}`, () => install(command, folder))
  if (!(await has(env))) throw new Error(`${folder} cannot be imported: remove it, and it is installed anew`)
  return pythonOf(command, env)
}

function pythonOf(command: string, env: NodeJS.ProcessEnv): Python {
  return {
    async run(script, ...args) {
      const { ok, output } = await tried(command, [script, ...args], env)
      if (!ok) throw new Error(`${script} failed: ${output}`)
      return output
    },
  }
}

// `--target` works where a system's Python is marked as externally managed, and leaves that Python alone.
async function install(command: string, folder: string): Promise<void> {
  const own = await mkdtemp(join(tmpdir(), 'soaplane-python-'))
  const part = `${folder}.${process.pid}.part`
  try {
    const pip = await pipOf(command, own)
    const { ok, output } = await tried(pip, ['-m', 'pip', 'install', '--quiet', '--target', part, REQUESTS])
    if (!ok) throw new Error(howToGetOne(`pip cannot install ${REQUESTS}: ${output.trim()}`))
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
async function pipOf(command: string, folder: string): Promise<string> {
  if ((await tried(command, ['-m', 'pip', '--version'])).ok) return command
  const { ok, output } = await tried(command, ['-m', 'venv', folder])
  if (!ok) throw new Error(howToGetOne(`${command} has neither pip nor venv: ${output.trim()}`))
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

function howToGetOne(why: string): string {
  return [
    `No Python with requests for this test: ${why}.`,
    'Any one of these gives one:',
    '  apt-get install python3-requests     Debian, Ubuntu',
    '  apt-get install python3 python3-pip  and it is installed into the cache, once',
    '  SOAPLANE_PYTHON=<file>               a Python 3 that can `import requests`',
  ].join('\n')
}
