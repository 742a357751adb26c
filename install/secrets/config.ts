import { type ConfigOf, type Setting, text } from '#lib/config.ts'
import { parseWanted, type Wanted } from './wanted.ts'

const wanted: Setting<readonly Wanted[]> = {
  env: 'SOAPLANE_SECRETS',
  about: 'the Secrets that must be there, JSON: [{name, labels, random: {key: length}, text: {key: text}}]',
  fallback: [],
  parse: parseWanted,
}

export const settings = {
  namespace: text('SOAPLANE_NAMESPACE', 'default', 'namespace of the Secrets'),
  secrets: wanted,
  kubeconfig: text('KUBECONFIG', undefined, 'kubeconfig; in a cluster the own account is used'),
} as const

export type SecretsConfig = ConfigOf<typeof settings>
