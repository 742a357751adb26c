import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whenWeDie } from '#services/embedded/broker/guard.ts'

/** A folder for as long as `use` takes; gone with this process too, however that ends. */
export async function inFolder<T>(purpose: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `soaplane-${purpose}-`))
  // Twice: what was being written into it at that moment is being killed as well.
  const callOff = whenWeDie('rm -rf "$1"; sleep 1; rm -rf "$1"', [folder])
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    callOff()
  }
}
