import type { Writable } from 'node:stream'

/**
 * Makes of all that is written in one turn of the event loop one write to the socket: amqplib writes message by message,
 * and each would be a system call of its own, and mostly a packet.
 */
export function gathered(stream: Pick<Writable, 'write' | 'cork' | 'uncork'>): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  let isOpen = false

  function close(): void {
    isOpen = false
    stream.uncork()
  }

  stream.write = (...args: unknown[]) => {
    if (!isOpen) {
      isOpen = true
      stream.cork()
      process.nextTick(close)
    }
    return write(...args)
  }
}
