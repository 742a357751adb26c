import { describe, expect, it } from 'vitest'
import { asToldIn, guideSteps } from './guide.ts'

describe('a guide', () => {
  it('has files to write, and commands with what they print, in order', () => {
    const markdown = [
      '# Guide',
      ...['```yaml', '# a/b.yaml', 'kind: X', '```', '```yaml', 'kind: no file', '```', '```sh', 'not run', '```'],
      ...['```console', '$ one \\', '    more', 'printed', 'twice', '$ two', '```'],
    ].join('\n')
    expect(guideSteps(markdown)).toEqual([
      { kind: 'file', path: 'a/b.yaml', text: '# a/b.yaml\nkind: X\n' },
      { kind: 'command', command: 'one \\\n    more', output: ['printed', 'twice'] },
      { kind: 'command', command: 'two', output: [] },
    ])
  })

  it('is held to its words, but for what it leaves open', () => {
    const told = ['{"id":"…","a":[1]}', 'plain']
    expect(asToldIn(told, '{"id":"x","a":[1]}\nplain\n')).toEqual(told)
    expect(asToldIn(told, '{"id":"x","a":[2]}\nplain\nmore')).toEqual(['{"id":"x","a":[2]}', 'plain', 'more'])
    expect(asToldIn([], '\n')).toEqual([])
  })
})
