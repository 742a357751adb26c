import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, createReadStream, renameSync, rmSync, writeFileSync } from 'node:fs'
import { arch } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { run } from '../command.ts'
import { inFolder } from '../folder.ts'

/** What a container of the image does and sees, in the words of the image's JSON. */
export interface ImageConfig {
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Volumes?: Readonly<Record<string, object>>
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Packs a tree of files as an image of one layer, in the form of `docker save`: any runtime can load it. */
export function packImage(name: string, tree: string, config: ImageConfig, target: string): Promise<string> {
  return inFolder('image', async (folder) => {
    const members = ['manifest.json', 'config.json', 'layer.tar']
    const file = (member: string) => join(folder, member)
    await tar('-C', tree, '--sort=name', '--numeric-owner', '-cf', file('layer.tar'), '.')
    const image = {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256(file('layer.tar'))}`] },
      history: [{ created_by: 'soaplane test bed' }],
    }
    writeFileSync(file('config.json'), JSON.stringify(image))
    const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]
    writeFileSync(file('manifest.json'), JSON.stringify(manifest))
    const part = `${target}.${process.pid}.part`
    try {
      await tar('-C', folder, '-cf', part, ...members)
      renameSync(part, target)
    } finally {
      rmSync(part, { force: true })
    }
    return target
  })
}

/** An image of one static program and nothing else. */
export function packProgram(name: string, program: string, target: string): Promise<string> {
  return inFolder('program', async (tree) => {
    // The folder becomes the image's root, which is anyone's to read.
    chmodSync(tree, 0o755)
    const path = `/${basename(program)}`
    copyFileSync(program, join(tree, path))
    return packImage(name, tree, { Entrypoint: [path], User: '65535:65535' }, target)
  })
}

function tar(...args: readonly string[]): Promise<string> {
  return run('tar', args, { timeoutMs: 300_000 })
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
