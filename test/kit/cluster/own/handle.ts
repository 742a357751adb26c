import { join } from 'node:path'
import { ask } from './control.ts'

// What can be done to a node of this machine by any process that knows its state folder.

const control = (folder: string) => join(folder, 'control.sock')

/** Runs a command in the node's namespaces and gives what it printed. */
export function runOnNode(folder: string, ...command: readonly string[]): Promise<string> {
  return ask(control(folder), 'run', command)
}

export async function loadIntoOwn(folder: string, archive: string): Promise<void> {
  await runOnNode(folder, 'ctr', '-n', 'k8s.io', 'images', 'import', archive)
}

/** kill -9; the store lives on, and so does every pod. */
export async function crashApiServer(folder: string): Promise<void> {
  await ask(control(folder), 'crash-api-server')
}

/** Starts it again after a crash; done when it is ready. */
export async function reviveApiServer(folder: string): Promise<void> {
  await ask(control(folder), 'revive-api-server')
}
