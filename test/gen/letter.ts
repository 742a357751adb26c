import type { Got } from '#services/esb/dead-letters/put-back.ts'

/** A message as a channel gives it out of a queue of dead letters. */
export function letter(
  body: string,
  headers: Readonly<Record<string, unknown>> = {},
  properties: Readonly<Record<string, unknown>> = {},
): Got {
  return {
    content: Buffer.from(body),
    fields: { deliveryTag: 1, redelivered: false, exchange: 'soa.dlx', routingKey: 'default.orders', messageCount: 0 },
    properties: { messageId: 'm', headers, ...properties },
  } as Got
}
