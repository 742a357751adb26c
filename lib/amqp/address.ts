import { SoaError } from '../error.ts'

/** Where a broker is, in two forms: with credentials for the socket, without for people and logs. */
export interface AmqpAddress {
  readonly url: string
  /** `amqp://host:port/vhost`: never a user name, never a password. */
  readonly shown: string
  /** Takes the password out of a text that came from elsewhere. */
  readonly redact: (text: string) => string
}

const HEARTBEAT_SECONDS = 10

/** Checks an AMQP URL and adds a heartbeat where it names none: the server's own 60 s leave a dead peer unseen for two minutes. */
export function amqpAddress(text: string): AmqpAddress {
  const url = URL.parse(text)
  if (url === null || !/^amqps?:$/.test(url.protocol) || url.hostname === '') {
    throw new SoaError('SOA_CONFIG_INVALID', 'AMQP_URL must look like amqp://user:password@host:port')
  }
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS))
  const port = url.port || (url.protocol === 'amqps:' ? '5671' : '5672')
  const secrets = [url.password, decoded(url.password)].filter(Boolean)
  return {
    url: url.href,
    shown: `${url.protocol}//${url.hostname}:${port}${url.pathname === '/' ? '' : url.pathname}`,
    redact: (told) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), told),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
