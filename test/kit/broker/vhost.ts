import { UNROUTABLE_POLICY } from '#services/embedded/broker/node-settings.ts'
import type { TestBroker } from '../broker.ts'

/** A virtual host of its own: as good as a fresh broker, in a second; gives its URL. */
export async function freshVhost({ ctl, url }: Pick<TestBroker, 'ctl' | 'url'>, name: string): Promise<string> {
  await ctl('add_vhost', name)
  await ctl('set_permissions', '-p', name, 'guest', '.*', '.*', '.*')
  await ctl('set_policy', '-p', name, ...UNROUTABLE_POLICY)
  return `${url}/${name}`
}
