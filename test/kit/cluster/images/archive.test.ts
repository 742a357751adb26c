import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packProgram } from './archive.ts'

const folder = mkdtempSync(join(tmpdir(), 'soaplane-archive-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('packs a program as an image that any runtime can load', async () => {
  const program = join(folder, 'pause')
  writeFileSync(program, 'a program')
  chmodSync(program, 0o755)
  const archive = await packProgram('registry.example/pause:1', program, join(folder, 'pause.tar'))

  const member = (name: string) => execFileSync('tar', ['-xOf', archive, name])
  const layer = member('layer.tar')
  expect(JSON.parse(String(member('manifest.json')))).toEqual([
    { Config: 'config.json', RepoTags: ['registry.example/pause:1'], Layers: ['layer.tar'] },
  ])
  expect(JSON.parse(String(member('config.json')))).toMatchObject({
    os: 'linux',
    config: { Entrypoint: ['/pause'], User: '65535:65535' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
  })
  expect(String(execFileSync('tar', ['-xO', './pause'], { input: layer }))).toBe('a program')
})
