import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { apt } from '#services/embedded/broker/install.ts'
import { run } from '../command.ts'
import { inFolder } from '../folder.ts'
import { havePackages } from '../packages.ts'

const INSTALL_MS = 15 * 60_000

/** What an image needs only while it is being installed. */
const DROPPED = ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale']

export interface Tree {
  readonly folder: string
  /** Runs a command with the tree as its root. */
  readonly inside: (...command: readonly string[]) => Promise<string>
}

/** Debian's smallest system of a release, with these packages, for as long as `use` takes. */
export async function withDebian<T>(
  release: string,
  packages: readonly string[],
  use: (tree: Tree) => Promise<T>,
): Promise<T> {
  await havePackages('tree')
  return inFolder('debian', async (folder) => {
    await enclosed(['debootstrap', '--variant=minbase', `--include=${packages}`, release, folder, await mirror()])
    for (const each of DROPPED) rmSync(join(folder, each), { recursive: true, force: true })
    return use({ folder, inside: (...command) => enclosed(['chroot', folder, ...command]) })
  })
}

/** What it mounts and starts ends with it, and it with this process. */
function enclosed(command: readonly string[]): Promise<string> {
  const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child']
  return run('setpriv', ['--pdeathsig', 'KILL', '--', ...namespaces, ...command], { timeoutMs: INSTALL_MS })
}

/** Where apt gets this machine's own system from: it surely answers here. */
async function mirror(): Promise<string> {
  const uri = (await archives()) ?? ((await apt('update')) || (await archives()))
  if (!uri?.includes('://')) throw new Error(`apt knows no archive of Debian to make base images from: ${uri ?? ''}`)
  return uri
}

/** The archive of Debian proper; undefined too while apt has never fetched its lists. */
async function archives(): Promise<string | undefined> {
  const format = '$(REPO_URI) $(LABEL) $(COMPONENT)'
  const targets = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'])
  return targets
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, label, component]) => label === 'Debian' && component === 'main')?.[0]
}
