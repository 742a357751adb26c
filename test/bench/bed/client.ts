import { Pool } from 'undici'

export interface Answer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly text: string
  /** When it was sent and when its answer had come, on performance.now()'s clock. */
  readonly sentAt: number
  readonly answeredAt: number
}

/** A plain HTTP client with kept connections: fetch would cost more than what it measures. */
export interface Client {
  readonly get: (path: string) => Promise<Answer>
  readonly post: (path: string, body: object) => Promise<Answer>
  readonly close: () => Promise<void>
}

export function clientOf(url: string, connections: number): Client {
  const pool = new Pool(url, { connections, headersTimeout: 10_000, bodyTimeout: 10_000 })
  async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const sentAt = performance.now()
    const response = await pool.request({
      method,
      path,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.body.text()
    const { statusCode: status, headers } = response
    return {
      status,
      text,
      sentAt,
      answeredAt: performance.now(),
      header: (name) => String(headers[name] ?? '') || undefined,
    }
  }
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    close: () => pool.destroy(),
  }
}
