import { expect, it } from 'vitest'
import { headersFromHttp, headersToHttp } from './events.ts'

it('takes CloudEvents attributes and the trace from a request, and nothing else', () => {
  const headers = {
    'ce-specversion': '1.0',
    'ce-source': '/shop%20floor',
    'ce-odd': '100%',
    'ce-': 'no name',
    traceparent: '00-1',
    tracestate: 'a=b',
    authorization: 'Bearer x',
    cookie: 'a=b',
    'x-death': 'y',
    'set-cookie': ['a', 'b'],
  }
  expect(headersFromHttp(headers)).toEqual({
    'cloudEvents:specversion': '1.0',
    'cloudEvents:source': '/shop floor',
    'cloudEvents:odd': '100%',
    traceparent: '00-1',
    tracestate: 'a=b',
  })
})

it('gives the attributes of a reply back, encoded as HTTP wants them', () => {
  const headers = {
    'cloudEvents:specversion': '1.0',
    'cloudEvents:subject': 'naïve "x" 100%\r\nSet-Cookie: a',
    cloudEvents_source: '/s',
    'ce-count': 3,
    'cloudEvents:Bad-Name': 'x',
    'cloudEvents:object': {},
    other: 'x',
  }
  expect(headersToHttp(headers)).toEqual({
    'ce-specversion': '1.0',
    'ce-subject': 'na%C3%AFve%20%22x%22%20100%25%0D%0ASet-Cookie:%20a',
    'ce-source': '/s',
    'ce-count': '3',
  })
})
