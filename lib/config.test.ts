import { describe, expect, it } from 'vitest'
import { flag, httpUrl, list, oneOf, port, readConfig, text, whole } from './config.ts'

const settings = {
  host: text('T_HOST', '0.0.0.0', 'address'),
  port: port('T_PORT', 8080, 'port'),
  retries: whole('T_RETRIES', 3, 'retries', [0, 9]),
  mode: oneOf('T_MODE', ['open', 'token'], 'open', 'mode'),
  accessLog: flag('T_ACCESS_LOG', false, 'log'),
  trusted: list('T_TRUSTED', [], 'networks'),
  controllerUrl: httpUrl('T_URL', undefined, 'controller'),
}
const read = (argv: readonly string[], env: Record<string, string> = {}) => readConfig('t', settings, argv, env)

describe('configuration', () => {
  it('takes flags over environment over defaults', () => {
    expect(
      read(['--port', '1', '--access-log', 'true'], {
        T_PORT: '2',
        T_MODE: 'token',
        T_TRUSTED: '10.0.0.0/8, ::1',
        T_URL: 'http://c:1/',
      }),
    ).toEqual({
      host: '0.0.0.0',
      port: 1,
      retries: 3,
      mode: 'token',
      accessLog: true,
      trusted: ['10.0.0.0/8', '::1'],
      controllerUrl: 'http://c:1',
    })
  })

  it('treats an empty variable as one that is not set', () => expect(read([], { T_PORT: '' }).port).toBe(8080))

  it.each([
    { argv: ['--port', '70000'], env: {}, says: /--port.*whole number from 0 to 65535/ },
    { argv: [], env: { T_RETRIES: '1.5' }, says: /T_RETRIES=1\.5: must be a whole number from 0 to 9/ },
    { argv: [], env: { T_MODE: 'shut' }, says: /T_MODE=shut: must be one of open, token/ },
    { argv: [], env: { T_ACCESS_LOG: 'maybe' }, says: /T_ACCESS_LOG=maybe: must be true or false/ },
    { argv: ['--controller-url', 'ftp://x'], env: {}, says: /http or https URL/ },
    { argv: ['--prot', '1'], env: {}, says: /unknown option '--prot'/ },
    { argv: ['stray'], env: {}, says: /too many arguments/ },
  ])('refuses $argv $env by name', ({ argv, env, says }) => expect(() => read(argv, env)).toThrow(says))
})
