/** Each look at a queue takes a channel, and a connection has no more than some hundred. */
const AT_ONCE = 8

/** Does the same for each, some at once; the answers in order. */
export async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = []
  for (let from = 0; from < items.length; from += AT_ONCE)
    answers.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))))
  return answers
}
