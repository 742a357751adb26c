import { join } from 'node:path'
import { createSigningKey, createTokens, writeKubeconfig } from '../../kubernetes/credentials.ts'
import { run } from '../command.ts'

export const NODE_NAME = 'soaplane-node'

/** Each component is the user that Kubernetes' own roles are bound to. */
const GROUPS = {
  admin: 'system:masters',
  'system:kube-controller-manager': 'system:authenticated',
  'system:kube-scheduler': 'system:authenticated',
  'system:kube-proxy': 'system:authenticated',
  [`system:node:${NODE_NAME}`]: 'system:nodes',
} as const

export type Identity = 'admin' | 'controller-manager' | 'scheduler' | 'proxy' | 'kubelet'

const USERS: Readonly<Record<Identity, keyof typeof GROUPS>> = {
  admin: 'admin',
  'controller-manager': 'system:kube-controller-manager',
  scheduler: 'system:kube-scheduler',
  proxy: 'system:kube-proxy',
  kubelet: `system:node:${NODE_NAME}`,
}

export interface Identities {
  /** The API server's flags that make it know them. */
  readonly flags: readonly string[]
  /** Writes the kubeconfig of each, once the API server has its certificate. */
  readonly writeKubeconfigs: (url: string, caFile: string) => void
}

export async function createIdentities(folder: string): Promise<Identities> {
  const { tokens, flags } = createTokens(folder, GROUPS)
  const client = await createKubeletClient(folder)
  return {
    flags: [...flags, ...createSigningKey(folder), ...client],
    writeKubeconfigs(url, caFile) {
      for (const [identity, user] of Object.entries(USERS)) {
        writeKubeconfig(kubeconfigOf(folder, identity as Identity), url, caFile, tokens[user])
      }
    },
  }
}

export function kubeconfigOf(folder: string, identity: Identity): string {
  return join(folder, `${identity}.kubeconfig`)
}

/** The API server shows kubelets a certificate, nothing else will do; this one is its own authority. */
async function createKubeletClient(folder: string): Promise<readonly string[]> {
  const certificate = kubeletClientCertificate(folder)
  const key = join(folder, 'kubelet-client.key')
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate],
    ...['-subj', '/O=system:masters/CN=kube-apiserver', '-addext', 'extendedKeyUsage=clientAuth'],
  ])
  return ['--kubelet-client-certificate', certificate, '--kubelet-client-key', key]
}

export function kubeletClientCertificate(folder: string): string {
  return join(folder, 'kubelet-client.crt')
}
