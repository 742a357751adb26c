import { request } from 'undici'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** One HTTP request with the Host it is given (`fetch` would write its own), on a connection of its own: any replica may answer. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, json }: { method?: 'GET' | 'POST' | 'DELETE'; headers?: object; json?: object } = {},
): Promise<Answer> {
  const response = await request(url, {
    method,
    reset: true,
    headers: { ...headers, ...(json && { 'content-type': 'application/json' }) },
    body: json ? JSON.stringify(json) : null,
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
  })
  return { status: response.statusCode, headers: response.headers, body: await response.body.text() }
}

/** Holds an answer to a status and a body; throws with both sides. */
export function expectAnswer(what: string, answer: Answer, status: number, body: string): void {
  if (answer.status === status && answer.body.trim() === body) return
  throw new Error(`${what}: expected ${status} ${body}, got ${answer.status} ${answer.body.trim()}`)
}
