import type { TestBroker } from '../broker.ts'

/** What `rabbitmqctl` can do to a node that runs. */
type Ctl = Pick<TestBroker, 'ctl'>

/** Publishers are blocked, on every connection that publishes, until it is lifted; consumers go on. */
export const memoryAlarm = {
  raise: ({ ctl }: Ctl) => ctl('set_vm_memory_high_watermark', '0.0000001'),
  lift: ({ ctl }: Ctl) => ctl('set_vm_memory_high_watermark', '0.6'),
}

/** The same for want of disk. */
export const diskAlarm = {
  raise: ({ ctl }: Ctl) => ctl('set_disk_free_limit', '1000000GB'),
  lift: ({ ctl }: Ctl) => ctl('set_disk_free_limit', '1MB'),
}

/** Closes the connections that consume from a queue, and tells how many there were. */
export async function cutConsumers({ ctl }: Ctl, queue: string): Promise<number> {
  const consumers = rowsOf(await ctl('list_consumers', '--silent', 'queue_name', 'channel_pid'))
  const channels = new Set(consumers.filter(([name]) => name === queue).map(([_name, pid]) => pid))
  const owners = rowsOf(await ctl('list_channels', '--silent', 'pid', 'connection'))
  const connections = new Set(owners.filter(([pid]) => channels.has(pid)).map(([_pid, connection]) => connection))
  for (const connection of connections) await ctl('close_connection', connection as string, 'cut by a test')
  return connections.size
}

export function deleteQueue({ ctl }: Ctl, queue: string): Promise<string> {
  return ctl('delete_queue', queue)
}

/** Of the nodes of a cluster, the one that leads a quorum queue. */
export async function leaderOf<N extends Ctl & { readonly name: string }>(
  nodes: readonly N[],
  queue: string,
): Promise<N> {
  const rows = rowsOf((await nodes[0]?.ctl('list_queues', '--silent', 'name', 'leader')) ?? '')
  const leader = rows.find(([name]) => name === queue)?.[1]
  const found = nodes.find(({ name }) => name === leader)
  if (found === undefined) throw new Error(`no node leads ${queue}: ${leader}`)
  return found
}

/** Names of all queues, streams left out: what is read from those stays. */
export async function queues({ ctl }: Ctl): Promise<readonly string[]> {
  const rows = rowsOf(await ctl('list_queues', '--silent', 'name', 'type'))
  return rows.filter(([_name, type]) => type !== 'stream').map(([name]) => name as string)
}

/**
 * Resolves when all that was declared is on disk: both versions confirm a declaration a second or two before that, and
 * killed in between, they forget the queue. In production nobody kills a broker in a route's first second; a test would.
 */
export async function settled({ ctl }: Ctl): Promise<void> {
  await ctl('eval', 'mnesia:sync_log(), [dets:sync(Table) || Table <- dets:all()], ok.')
}

/** What `--silent` prints: rows of columns apart by tabs, without a row of their names. */
function rowsOf(output: string): readonly (readonly string[])[] {
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'))
}
