import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import type { Answer } from '#test/kit/registry-client.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
  await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.1' })
})
afterAll(() => bed?.stop())

const indexNow = async (): Promise<string> => (await bed.get('/watch?wait=0')).body.index
const watchers = () => bed.metric('soa_registry_watchers')

/** A long poll under way: the registry holds it. */
async function polling(query: string): Promise<{ readonly answer: Promise<Answer>; readonly isOver: () => boolean }> {
  let isOver = false
  const answer = bed.get(`/watch${query}`).finally(() => {
    isOver = true
  })
  await eventually(async () => (await watchers()) === 1)
  return { answer, isOver: () => isOver }
}

describe('GET /watch as a long poll', () => {
  it('answers at once with everything to one that holds nothing', async () => {
    const { status, headers, body } = await bed.get('/watch')
    expect([status, body]).toEqual([
      200,
      {
        type: 'snapshot',
        index: headers.get('soaplane-index'),
        services: [expect.objectContaining({ name: 'ServiceA' })],
      },
    ])
  })

  it('waits for the next change, and answers with it', async () => {
    const index = await indexNow()
    const poll = await polling(`?index=${index}&wait=30s`)
    expect(poll.isOver()).toBe(false)
    await bed.post('/register', { name: 'ServiceB', url: 'http://10.0.0.2' })
    const { body } = await poll.answer
    expect(body).toMatchObject({ type: 'change', put: [{ name: 'ServiceB' }], drop: [] })
    expect(body.index).not.toBe(index)
    expect(await watchers()).toBe(0)
  })

  it('answers at once with what was missed', async () => {
    const index = await indexNow()
    await bed.post('/register', { name: 'Missed1', url: 'http://10.0.0.3' })
    await bed.post('/register', { name: 'Missed2', url: 'http://10.0.0.4' })
    await bed.send('DELETE', '/register/Missed1')
    const { body } = await bed.get(`/watch?index=${index}&wait=30s`)
    expect(body).toMatchObject({ type: 'change', put: [{ name: 'Missed2' }], drop: [expect.stringMatching(/missed1/)] })
  })

  it('answers with nothing new when the wait is over, under an index to go on from', async () => {
    const index = await indexNow()
    for (const wait of ['0', '50ms']) {
      const { body } = await bed.get(`/watch?index=${index}&wait=${wait}`)
      expect(body).toEqual({ type: 'change', index, put: [], drop: [] })
    }
  })

  it('is not woken by others when asked for one service', async () => {
    const index = await indexNow()
    const poll = await polling(`?index=${index}&wait=30s&service=ServiceA`)
    await bed.post('/register', { name: 'Noise', url: 'http://10.0.0.5' })
    await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.6' })
    expect((await poll.answer).body).toMatchObject({
      ...{ type: 'change', put: [{ name: 'ServiceA', endpoints: [{ url: 'http://10.0.0.6' }] }] },
    })
  })

  it('is forgotten when its client goes away', async () => {
    const going = new AbortController()
    const poll = fetch(`${bed.registry().url}/watch?index=${await indexNow()}`, { signal: going.signal })
    await eventually(async () => (await watchers()) === 1)
    going.abort()
    await expect(poll).rejects.toThrow()
    await eventually(async () => (await watchers()) === 0)
  })

  it.each(['wait=soon', 'wait=-1', 'wait=11m', 'wait=601'])('refuses %s', async (query) => {
    const { status, body } = await bed.get(`/watch?${query}`)
    expect([status, body.detail]).toEqual([400, 'wait: give a duration of at most 10m, such as 30s'])
  })

  it.each(['index=nonsense', 'index=5', 'index=another-epoch.3'])('answers with everything to %s', async (query) => {
    expect((await bed.get(`/watch?${query}&wait=30s`)).body.type).toBe('snapshot')
  })

  it('answers before the registry stops, and with everything after, in another epoch', async () => {
    const index = await indexNow()
    const poll = await polling(`?index=${index}&wait=60s`)
    await bed.restartRegistry()
    expect((await poll.answer).body).toMatchObject({ type: 'change', put: [], drop: [] })
    const { body } = await bed.get(`/watch?index=${index}&wait=30s`)
    expect(body.type).toBe('snapshot')
    expect(body.index.split('.')[0]).not.toBe(index.split('.')[0])
  })
})
