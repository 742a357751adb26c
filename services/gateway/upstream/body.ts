import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/**
 * A request's body on its way upstream. It stands between because undici destroys the stream it was given when a request
 * fails, and to destroy the client's would take away the socket that the answer needs.
 */
export class UpstreamBody extends Readable {
  readonly #source: IncomingMessage
  /** Whether anything was taken from the client: from then on the request cannot be sent again. */
  isTouched = false

  constructor(source: IncomingMessage) {
    super({ autoDestroy: true })
    this.#source = source
  }

  override _construct(callback: () => void): void {
    this.#source.on('data', this.#onData)
    // Listening alone sets it flowing; it flows when asked to.
    this.#source.pause()
    this.#source.on('end', this.#onEnd)
    this.#source.on('close', this.#onClose)
    callback()
  }

  override _read(): void {
    this.isTouched = true
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#source.off('close', this.#onClose)
    callback(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#source.complete) this.destroy(new Error('the client broke off its body'))
  }
}
