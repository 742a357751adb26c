import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { gathered } from './gathered.ts'

function recording() {
  const written: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      done()
    },
    writev(chunks, done) {
      written.push(chunks.map(({ chunk }) => String(chunk)).join('+'))
      done()
    },
  })
  gathered(stream)
  return { written, stream }
}

describe('a stream whose writes are gathered', () => {
  it('writes all of one turn at once, and the next turn by itself', async () => {
    const { written, stream } = recording()
    for (const each of ['a', 'b', 'c']) stream.write(each)
    expect(written).toEqual([])
    await new Promise((resolve) => setImmediate(resolve))
    stream.write('d')
    await new Promise((resolve) => setImmediate(resolve))
    expect(written).toEqual(['a+b+c', 'd'])
  })

  it('says when there is enough, and when there is room again', async () => {
    const { stream } = recording()
    const drained = new Promise((resolve) => stream.once('drain', resolve))
    expect(stream.write('x'.repeat(stream.writableHighWaterMark))).toBe(false)
    await drained
  })

  it('loses nothing of a turn in which it ends', async () => {
    const { written, stream } = recording()
    stream.write('last')
    await new Promise<void>((resolve) => stream.end(resolve))
    expect(written).toEqual(['last'])
  })
})
