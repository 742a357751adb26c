/** Whether a topic exchange takes a key to a binding: `*` is one word, `#` any number of them, none included (AMQP 0-9-1, 3.1.3.3). */
export function topicMatches(pattern: string, key: string): boolean {
  const words = wordsOf(key)
  // The places in the key at which the pattern, as far as it is read, may stand.
  let places = new Set([0])
  for (const each of wordsOf(pattern)) {
    const next = new Set<number>()
    for (const place of places) {
      if (each === '#') for (let i = place; i <= words.length; i += 1) next.add(i)
      else if (place < words.length && (each === '*' || each === words[place])) next.add(place + 1)
    }
    places = next
  }
  return places.has(words.length)
}

function wordsOf(key: string): readonly string[] {
  return key === '' ? [] : key.split('.')
}
