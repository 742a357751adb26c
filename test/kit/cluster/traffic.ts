import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { tell } from '../progress.ts'

export interface TrafficOptions {
  /** Half of the requests go over connections that stay, half each over its own. */
  readonly perSecond?: number
  /** Body of every answer, its status is 200. */
  readonly expected: string
  /** Ends by itself then, whatever the test forgets. */
  readonly atMostMs?: number
}

/** What came in place of the expected answer, and when. */
export interface Failure {
  readonly atMs: number
  readonly over: 'kept' | 'fresh'
  readonly came: string
}

export interface TrafficReport {
  readonly answered: number
  readonly failures: readonly Failure[]
}

/** Requests at a steady pace, each held to the one right answer: nothing is tried twice. */
export interface Traffic {
  readonly soFar: () => TrafficReport
  /** Resolves after that much more of it. */
  readonly passing: (ms: number) => Promise<void>
  /** Sends no more, waits for what is under way. */
  readonly stop: () => Promise<TrafficReport>
}

const ANSWER_MS = 10_000
const TICK_MS = 10

export function startTraffic(url: string, options: TrafficOptions): Traffic {
  const { perSecond = 50, expected, atMostMs = 240_000 } = options
  // In turn: each connection is used often, and hears soon that it should be opened elsewhere.
  const kept = new Agent({ keepAlive: true, maxSockets: 8, scheduling: 'fifo' })
  const fresh = new Agent({ keepAlive: false })
  const failures: Failure[] = []
  const underWay = new Set<Promise<void>>()
  const startedMs = performance.now()
  const elapsedMs = () => performance.now() - startedMs
  let sent = 0
  let answered = 0

  async function ask(over: Failure['over']): Promise<void> {
    const atMs = Math.round(elapsedMs())
    const came = await answerOf(url, over === 'kept' ? kept : fresh)
    if (came === `200 ${expected}`) answered++
    else fail({ atMs, over, came })
  }

  function fail(failure: Failure): void {
    failures.push(failure)
    if (failures.length <= 5) tell(`Traffic lost a request: ${JSON.stringify(failure)}`)
  }

  function send(): void {
    const asking = ask(sent++ % 2 === 0 ? 'kept' : 'fresh').finally(() => underWay.delete(asking))
    underWay.add(asking)
  }

  const ticking = setInterval(() => {
    if (elapsedMs() > atMostMs) return clearInterval(ticking)
    for (const due = (elapsedMs() / 1_000) * perSecond; sent < due; ) send()
  }, TICK_MS)

  const soFar = () => ({ answered, failures: [...failures] })
  return {
    soFar,
    async passing(ms) {
      const goal = sent + (ms / 1_000) * perSecond
      while (sent < goal) {
        if (elapsedMs() > atMostMs) throw new Error(`the traffic is over after ${atMostMs} ms`)
        await after(TICK_MS)
      }
    },
    async stop() {
      clearInterval(ticking)
      await Promise.all(underWay)
      kept.destroy()
      fresh.destroy()
      return soFar()
    },
  }
}

/** Status and body, or what went wrong. */
function answerOf(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const asking = request(url, { agent, timeout: ANSWER_MS }, (response) => {
      bodyOf(response).then(
        (body) => resolve(`${response.statusCode} ${body}`),
        (error: Error) => resolve(`${response.statusCode}, then ${error.message}`),
      )
    })
    asking.on('timeout', () => asking.destroy(new Error(`no answer in ${ANSWER_MS} ms`)))
    asking.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    asking.end()
  })
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
