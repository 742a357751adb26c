import { randomUUID } from 'node:crypto'
import type { Publish } from '#lib/amqp.ts'
import { SoaError } from '#lib/error.ts'
import { AUDIT } from '../topology/names.ts'
import type { AuditRecord } from './record.ts'

/** Resolves once the broker has the record; throws when it has not, or may not have. */
export type WriteAudit = (record: AuditRecord) => Promise<void>

export function createAuditLog(
  publish: Publish,
  { confirmTimeoutMs }: { readonly confirmTimeoutMs: number },
): WriteAudit {
  return async function write(record) {
    const message = {
      ...{ exchange: '', routingKey: AUDIT, messageId: randomUUID() },
      content: Buffer.from(JSON.stringify(record)),
      properties: { contentType: 'application/json', type: `soaplane.${record.action.toLowerCase()}` },
    }
    const published = await publish(message, { timeoutMs: confirmTimeoutMs })
    if (!published.sent)
      throw new SoaError('SOA_BROKER_FAILED', `Audit is not written: ${published.message}`, { status: 503 })
  }
}
