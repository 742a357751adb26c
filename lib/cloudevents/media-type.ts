/** `application/json`, `text/json`, and what ends in +json, with any parameters. */
export function isJson(contentType: string): boolean {
  return /^[^;]*(?:\/json|\+json)\s*(?:;|$)/i.test(contentType)
}

export function isText(contentType: string): boolean {
  return /^\s*text\//i.test(contentType)
}

/** The type alone, in small letters. */
export function essenceOf(contentType: string | undefined): string {
  return (contentType ?? '').replace(/;.*$/s, '').trim().toLowerCase()
}
