import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { ServerFiles } from '#services/embedded/broker/server-files.ts'
import { run } from '../cluster/command.ts'
import { baseImage } from '../cluster/images/base.ts'
import { cacheFolder } from '../kubernetes/cache.ts'
import { telling } from '../progress.ts'

// RabbitMQ 4.0 needs an Erlang that this machine does not have. It runs from the very file system that the e2e cluster's
// image is made of, with that as its root; processes, ports and the folder of its data are this machine's, so that a
// node of it is started, killed and looked after as any other.

const LIBRARY = 'usr/lib/rabbitmq/lib'
const COMMANDS = ['rabbitmq-server', 'rabbitmqctl', 'epmd']

/** RabbitMQ 4.0 for this machine, made once (a minute) and kept. */
export async function server40(): Promise<ServerFiles> {
  const lacking = lacking40()
  if (lacking !== undefined) throw new Error(lacking)
  const archive = await baseImage('rabbitmq:4.0-management')
  const folder = join(cacheFolder('trees'), basename(archive, '.tar'))
  if (!existsSync(folder)) await telling('Unpacking RabbitMQ 4.0, once', () => unpack(archive, folder))
  const bin = join(folder, 'bin')
  return {
    server: join(bin, 'rabbitmq-server'),
    ctl: join(bin, 'rabbitmqctl'),
    version: await versionIn(join(folder, 'root')),
  }
}

/** Why this machine cannot run it, in one line; undefined where it can. */
export function lacking40(): string | undefined {
  const why = [
    process.platform === 'linux' ? undefined : `this is ${process.platform}, not Linux`,
    process.getuid?.() === 0 ? undefined : 'this is not root',
    // What needs CAP_SYS_ADMIN, which root of a container may lack.
    spawnSync('unshare', ['--mount', 'true']).status === 0 ? undefined : 'root may not make namespaces here',
  ].find((each) => each !== undefined)
  return why && `No RabbitMQ 4.0 for the tests: ${why}. It runs from a Debian 13 in a folder, which takes root on Linux`
}

async function unpack(archive: string, folder: string): Promise<void> {
  const part = await mkdtemp(join(dirname(folder), 'part-'))
  try {
    const root = join(part, 'root')
    await mkdir(root)
    await run('tar', ['-xf', archive, '-C', part, 'layer.tar'])
    await run('tar', ['-xf', join(part, 'layer.tar'), '-C', root, '--numeric-owner'], { timeoutMs: 300_000 })
    await rm(join(part, 'layer.tar'))
    await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
    await mkdir(join(root, tmpdir()), { recursive: true })
    await mkdir(join(part, 'bin'))
    for (const command of COMMANDS) {
      await writeFile(join(part, 'bin', command), inside(join(folder, 'root'), command), { mode: 0o755 })
    }
    // Another run may have been faster; its folder is as good.
    await rename(part, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

/** A command that runs there in place of its caller: same process, same signals; what it mounts goes with it. */
function inside(root: string, command: string): string {
  return `#!/bin/sh
exec unshare --mount -- sh -ec '
  for each in /proc /dev ${tmpdir()}; do mount --rbind "$each" "${root}$each"; done
  PATH=/opt/rabbitmq/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  exec chroot "${root}" ${command} "$@"
' ${command} "$@"
`
}

async function versionIn(root: string): Promise<string> {
  const names = await readdir(join(root, LIBRARY))
  const version = names.map((name) => /^rabbitmq_server-(.+)$/.exec(name)?.[1]).find((each) => each !== undefined)
  if (version === undefined) throw new Error(`${root} has no server in it: remove it, and it is made anew`)
  return version
}
