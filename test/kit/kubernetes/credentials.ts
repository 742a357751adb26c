import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Credentials {
  /** May do everything (system:masters). */
  readonly token: string
  /** Is someone, and may do nothing until RBAC says otherwise. */
  readonly guestToken: string
  /** The API server's flags for them. */
  readonly flags: readonly string[]
}

/** Two users by token, and the key that signs service account tokens. */
export function createCredentials(folder: string): Credentials {
  const token = randomBytes(16).toString('hex')
  const guestToken = randomBytes(16).toString('hex')
  const tokens = join(folder, 'tokens.csv')
  writeFileSync(tokens, `${token},admin,admin,"system:masters"\n${guestToken},guest,guest,"guests"\n`, { mode: 0o600 })
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  writeFileSync(join(folder, 'sa.key'), privateKey, { mode: 0o600 })
  writeFileSync(join(folder, 'sa.pub'), publicKey)
  return {
    token,
    guestToken,
    flags: [
      ...['--token-auth-file', tokens, '--authorization-mode', 'RBAC'],
      ...['--service-account-issuer', 'https://kubernetes.default.svc'],
      ...['--service-account-key-file', join(folder, 'sa.pub')],
      ...['--service-account-signing-key-file', join(folder, 'sa.key')],
    ],
  }
}

/** Writes a kubeconfig that trusts the server's own certificate. */
export function writeKubeconfig(path: string, url: string, caFile: string, token: string): string {
  const ca = readFileSync(caFile).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': ca } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}
