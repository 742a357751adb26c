import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packImage } from './archive.ts'
import { type Tree, withDebian } from './tree.ts'

// Stands in for the official image of this name where none can be pulled: Debian 13 brings RabbitMQ 4.0. What a chart can
// see of that image is the same: user 999, data and configuration folders, enabled plugins, entry point, commands.

const DATA = '/var/lib/rabbitmq'
const ENTRYPOINT = 'docker-entrypoint.sh'

const DEFAULTS = `# The user guest may come from anywhere, and what a container has to say it says on its output.
loopback_users.guest = false
log.console = true
`

export function buildRabbitmqImage(name: string, target: string): Promise<string> {
  return withDebian('trixie', ['ca-certificates', 'hostname', 'rabbitmq-server'], async (tree) => {
    linkCommands(tree)
    await configure(tree)
    return packImage(
      name,
      tree.folder,
      {
        Env: [
          'PATH=/opt/rabbitmq/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          `HOME=${DATA}`,
          `RABBITMQ_DATA_DIR=${DATA}`,
          'LANG=C.UTF-8',
        ],
        Entrypoint: [ENTRYPOINT],
        Cmd: ['rabbitmq-server'],
        Volumes: { [DATA]: {} },
        ExposedPorts: Object.fromEntries([4369, 5671, 5672, 15672, 15692, 25672].map((port) => [`${port}/tcp`, {}])),
      },
      target,
    )
  })
}

/** The broker's own commands come first on the path: Debian's wrappers change users and write where nobody may. */
function linkCommands({ folder }: Tree): void {
  const library = 'usr/lib/rabbitmq/lib'
  const version = readdirSync(join(folder, library)).find((each) => each.startsWith('rabbitmq_server-'))
  if (version === undefined) throw new Error('the package rabbitmq-server has no server in it')
  symlinkSync(`/${library}/${version}`, join(folder, 'opt/rabbitmq'))
  const entrypoint = join(folder, 'usr/local/bin', ENTRYPOINT)
  copyFileSync(join(import.meta.dirname, 'rabbitmq-entrypoint.sh'), entrypoint)
  chmodSync(entrypoint, 0o755)
}

async function configure({ folder, inside }: Tree): Promise<void> {
  const settings = join(folder, 'etc/rabbitmq')
  // What the package set up for its own user and this machine's name.
  rmSync(join(folder, DATA), { recursive: true, force: true })
  rmSync(join(settings, 'rabbitmq-env.conf'), { force: true })
  for (const made of [join(folder, DATA), join(settings, 'conf.d')]) mkdirSync(made, { recursive: true })
  writeFileSync(join(settings, 'enabled_plugins'), '[rabbitmq_management,rabbitmq_prometheus].\n')
  writeFileSync(join(settings, 'conf.d/10-defaults.conf'), DEFAULTS)
  await inside('groupmod', '--gid', '999', 'rabbitmq')
  await inside('usermod', '--uid', '999', 'rabbitmq')
  await inside('chown', '-R', 'rabbitmq:rabbitmq', DATA, '/etc/rabbitmq', '/var/log/rabbitmq')
  await inside('chmod', '0777', DATA, '/etc/rabbitmq')
}
