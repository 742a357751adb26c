import { telling } from '../../progress.ts'
import { dockerDaemon } from '../docker.ts'
import { baseImage } from './base.ts'

/** Builds a folder's Dockerfile on whichever Docker there is, and leaves the image as an archive. */
export async function buildImage(folder: string, name: string, archive: string): Promise<void> {
  const { docker, isHermetic, stop } = await dockerDaemon()
  try {
    if (isHermetic) await docker('load', '--input', await baseImage('node:24-bookworm-slim'))
    // A daemon without a bridge: what the build fetches comes the way this machine's packages do.
    const network = isHermetic ? ['--network', 'host'] : []
    await telling(`Building the image ${name}`, () => docker('build', ...network, '--tag', name, folder))
    await docker('save', '--output', archive, name)
  } finally {
    await stop()
  }
}
