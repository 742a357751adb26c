import { kubectl } from '../kubectl.ts'

/** How many requests of one sort the API server has taken since it started, by its own count. */
export async function requestsOf(
  kubeconfig: string,
  wanted: { readonly verbs: readonly string[]; readonly resource?: string; readonly subresource?: string },
): Promise<number> {
  const text = await kubectl(['get', '--raw', '/metrics'], { kubeconfig })
  let sum = 0
  for (const line of text.split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1]
    const matches =
      wanted.verbs.includes(label('verb') ?? '') &&
      label('group') === 'soaplane.dev' &&
      (wanted.resource === undefined || label('resource') === wanted.resource) &&
      (wanted.subresource === undefined || label('subresource') === wanted.subresource)
    if (matches) sum += Number(line.slice(line.lastIndexOf(' ')))
  }
  return sum
}
