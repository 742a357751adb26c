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
  const { tokens, flags } = createTokens(folder, { admin: 'system:masters', guest: 'guests' })
  return {
    token: tokens.admin,
    guestToken: tokens.guest,
    flags: [...flags, '--authorization-mode', 'RBAC', ...createSigningKey(folder)],
  }
}

/** A token for each user, each in one group, and the API server's flags that make it know them. */
export function createTokens<User extends string>(
  folder: string,
  groups: Readonly<Record<User, string>>,
): { readonly tokens: Readonly<Record<User, string>>; readonly flags: readonly string[] } {
  const users = Object.keys(groups) as User[]
  const tokens = Object.fromEntries(users.map((user) => [user, randomBytes(16).toString('hex')])) as Record<
    User,
    string
  >
  const file = join(folder, 'tokens.csv')
  const lines = users.map((user) => `${tokens[user]},${user},${user},"${groups[user]}"\n`)
  writeFileSync(file, lines.join(''), { mode: 0o600 })
  return { tokens, flags: ['--token-auth-file', file] }
}

/** The key that signs service account tokens, in sa.key and sa.pub, and the API server's flags for it. */
export function createSigningKey(folder: string): readonly string[] {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  writeFileSync(join(folder, 'sa.key'), privateKey, { mode: 0o600 })
  writeFileSync(join(folder, 'sa.pub'), publicKey)
  return [
    ...['--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-key-file', join(folder, 'sa.pub')],
    ...['--service-account-signing-key-file', join(folder, 'sa.key')],
  ]
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
