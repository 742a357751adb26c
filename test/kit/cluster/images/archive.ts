import { createHash } from 'node:crypto'
import { copyFileSync, createReadStream, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { run } from '../command.ts'

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
export async function packImage(name: string, tree: string, config: ImageConfig, target: string): Promise<string> {
  const part = `${target}.${process.pid}.part`
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-image-'))
  try {
    await run('tar', ['--sort=name', '--numeric-owner', '-C', tree, '-cf', join(folder, 'layer.tar'), '.'], {
      timeoutMs: 300_000,
    })
    const diffId = `sha256:${await sha256(join(folder, 'layer.tar'))}`
    const image = {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created_by: 'soaplane test bed' }],
    }
    writeFileSync(join(folder, 'config.json'), JSON.stringify(image))
    const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
    await run('tar', ['-C', folder, '-cf', part, 'manifest.json', 'config.json', 'layer.tar'], { timeoutMs: 300_000 })
    renameSync(part, target)
    return target
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(part, { force: true })
  }
}

/** An image of one static program and nothing else. */
export async function packProgram(name: string, program: string, target: string): Promise<string> {
  const tree = mkdtempSync(join(tmpdir(), 'soaplane-program-'))
  try {
    const path = `/${basename(program)}`
    mkdirSync(tree, { recursive: true })
    copyFileSync(program, join(tree, path))
    return await packImage(name, tree, { Entrypoint: [path], User: '65535:65535' }, target)
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
