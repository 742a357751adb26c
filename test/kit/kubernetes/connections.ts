import { readdir, readFile, readlink } from 'node:fs/promises'

/** TCP connections of this process to a local server, from the kernel's tables. */
export async function connectionsTo(url: string): Promise<number> {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  const lines = (await readFile('/proc/self/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/))
  const own = await sockets()
  // sl local remote state … inode: state 01 is established.
  return lines.filter(
    ([, , remote, state, , , , , , inode]) => remote === `0100007F:${port}` && state === '01' && own.has(inode ?? ''),
  ).length
}

async function sockets(): Promise<ReadonlySet<string>> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return new Set((await Promise.all(links)).map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''))
}
