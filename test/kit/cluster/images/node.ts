import { chmodSync, copyFileSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { run } from '../command.ts'
import { inFolder } from '../folder.ts'
import { packImage } from './archive.ts'
import { type Tree, withDebian } from './tree.ts'

// Stands in for the official image of this name where none can be pulled: Debian, the very Node that the project runs on,
// npm, and the user `node`.

const require = createRequire(import.meta.url)
const NPM = 'npm@11'

export const NODE_VERSION = (require('node/package.json') as { readonly version: string }).version

/** Authorities that Node on this machine is told to trust besides its own: npm in a build meets the same proxy. */
export const EXTRA_AUTHORITIES = process.env.NODE_EXTRA_CA_CERTS

export function buildNodeImage(name: string, target: string): Promise<string> {
  return withDebian('bookworm', ['ca-certificates'], async (tree) => {
    installNode(tree)
    await installNpm(tree)
    await tree.inside('groupadd', '--gid', '1000', 'node')
    await tree.inside('useradd', '--uid', '1000', '--gid', 'node', '--shell', '/bin/bash', '--create-home', 'node')
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    const env = [path, `NODE_VERSION=${NODE_VERSION}`, ...trusting(tree)]
    return packImage(name, tree.folder, { Env: env, Cmd: ['node'] }, target)
  })
}

function trusting({ folder }: Tree): readonly string[] {
  if (!EXTRA_AUTHORITIES) return []
  const path = '/etc/ssl/extra-authorities.crt'
  copyFileSync(EXTRA_AUTHORITIES, join(folder, path))
  return [`NODE_EXTRA_CA_CERTS=${path}`]
}

function installNode({ folder }: Tree): void {
  const target = join(folder, 'usr/local/bin/node')
  copyFileSync(require.resolve('node/bin/node'), target)
  chmodSync(target, 0o755)
}

async function installNpm({ folder }: Tree): Promise<void> {
  const modules = join(folder, 'usr/local/lib/node_modules')
  mkdirSync(join(modules, 'npm'), { recursive: true })
  await inFolder('npm', async (parcel) => {
    await run('npm', ['pack', NPM, '--pack-destination', parcel], { timeoutMs: 120_000 })
    const archive = join(parcel, readdirSync(parcel)[0] ?? '')
    await run('tar', ['-xzf', archive, '--strip-components=1', '--no-same-owner', '-C', join(modules, 'npm')])
  })
  for (const command of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(folder, 'usr/local/bin', command))
    chmodSync(join(modules, `npm/bin/${command}-cli.js`), 0o755)
  }
}
