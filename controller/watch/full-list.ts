import { answered, type Kube, type KubeObject, type Query } from '#lib/kube.ts'

/** A whole collection at one version of the store. */
export interface FullList<T> {
  readonly version: string
  readonly items: readonly T[]
}

/**
 * Reads a collection in pages. The server forgets old versions: a 410 in the middle starts anew, a second one asks for
 * everything at once, which no compaction can cut in two.
 */
export async function fullList<T extends KubeObject>(
  kube: Pick<Kube, 'list'>,
  path: string,
  query: Query,
  { pageLimit, signal, onPage }: { pageLimit: number; signal: AbortSignal; onPage: () => void },
): Promise<FullList<T>> {
  for (const limit of [pageLimit, pageLimit]) {
    try {
      return await pages<T>(kube, path, { ...query, limit }, signal, onPage)
    } catch (error) {
      if (!answered(error, 410)) throw error
    }
  }
  return pages<T>(kube, path, query, signal, onPage)
}

async function pages<T extends KubeObject>(
  kube: Pick<Kube, 'list'>,
  path: string,
  query: Query,
  signal: AbortSignal,
  onPage: () => void,
): Promise<FullList<T>> {
  const items: T[] = []
  let token: string | undefined
  for (;;) {
    const page = await kube.list(path, { ...query, continue: token }, signal)
    if (!Array.isArray(page.items) || typeof page.metadata?.resourceVersion !== 'string') {
      throw new Error(`LIST ${path} answered what is not a list`)
    }
    onPage()
    for (const item of page.items) items.push(item as T)
    const next = page.metadata.continue || undefined
    if (next === undefined) return { version: page.metadata.resourceVersion, items }
    if (next === token) throw new Error(`LIST ${path} gave the same page twice`)
    token = next
  }
}
