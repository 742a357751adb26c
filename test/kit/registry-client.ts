/** What an HTTP client sees of an answer; the body is parsed where it is JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests compare it whole, or reach into it
  readonly body: any
}

export interface RegistryClient {
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>
  /** A JSON body, unless the headers say another type: then it is sent as it is. */
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>
  readonly send: (method: string, path: string, init?: RequestInit) => Promise<Answer>
  /** `service_url` of a discovery, or its status where there is none. */
  readonly discover: (name: string) => Promise<string | number>
  /** One value of /metrics; undefined where there is no such series. */
  readonly metric: (series: string) => Promise<number | undefined>
}

export function registryClient(url: () => string): RegistryClient {
  async function send(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${url()}${path}`, { method, ...init })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  return {
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    post(path, body, headers = {}) {
      const type = 'content-type' in headers ? {} : { 'content-type': 'application/json' }
      const text = 'content-type' in headers ? String(body) : JSON.stringify(body)
      return send('POST', path, { headers: { ...type, ...headers }, body: text })
    },
    async discover(name) {
      const { status, body } = await send('GET', `/discover/${name}`)
      return status === 200 ? body.service_url : status
    },
    async metric(series) {
      const { body } = await send('GET', '/metrics')
      const line = String(body)
        .split('\n')
        .find((each) => each.startsWith(`${series} `))
      return line === undefined ? undefined : Number(line.slice(series.length + 1))
    },
  }
}
