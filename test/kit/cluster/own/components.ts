import { basename, join } from 'node:path'
import { kubeconfigOf, kubeletClientCertificate, NODE_NAME } from './identities.ts'
import { DNS_ADDRESS, POD_RANGE, SERVICE_RANGE } from './network.ts'

/** What the flags below are made of. */
export interface Plan {
  readonly folder: string
  /** The node's address on the wire. */
  readonly address: string
  readonly etcdUrl: string
  readonly identityFlags: readonly string[]
}

export const CERTIFICATES = 'certificates'
export const PAUSE_IMAGE = 'soaplane.test/pause:3.10'
const CONTAINERD_SOCKET = '/run/containerd/containerd.sock'

export function apiServerFlags({ folder, address, etcdUrl, identityFlags }: Plan): readonly string[] {
  return [
    ...['--etcd-servers', etcdUrl, '--etcd-compaction-interval', '0'],
    ...['--secure-port', '6443', '--bind-address', '0.0.0.0', '--advertise-address', address],
    // The certificate it signs for itself is its own authority, and stays over restarts.
    ...['--cert-dir', join(folder, CERTIFICATES), '--profiling=false'],
    ...['--service-cluster-ip-range', SERVICE_RANGE, '--kubelet-preferred-address-types', 'InternalIP'],
    // Admission, not a switch, decides what is privileged.
    '--allow-privileged',
    ...['--authorization-mode', 'Node,RBAC', '--enable-admission-plugins', 'NodeRestriction'],
    ...identityFlags,
  ]
}

export function controllerManagerFlags({ folder }: Plan): readonly string[] {
  return [
    ...['--kubeconfig', kubeconfigOf(folder, 'controller-manager'), '--use-service-account-credentials'],
    ...['--service-account-private-key-file', join(folder, 'sa.key')],
    ...['--root-ca-file', join(folder, CERTIFICATES, 'apiserver.crt')],
    // Alone, and not to end itself while the API server is away.
    '--leader-elect=false',
    // There is no other node to move pods to: silence from this one means that the API server was away.
    ...['--node-monitor-grace-period', '10m'],
  ]
}

export function schedulerFlags({ folder }: Plan): readonly string[] {
  return ['--kubeconfig', kubeconfigOf(folder, 'scheduler'), '--leader-elect=false']
}

export function kubeProxyFlags({ folder }: Plan): readonly string[] {
  return [
    ...['--kubeconfig', kubeconfigOf(folder, 'proxy'), '--hostname-override', NODE_NAME],
    ...['--proxy-mode', 'iptables', '--cluster-cidr', POD_RANGE],
    // The kernel's connection table belongs to the machine: a namespace may not size it.
    ...['--conntrack-max-per-core', '0', '--oom-score-adj', '0'],
  ]
}

export function kubeletFlags({ folder, address }: Plan, configFile: string): readonly string[] {
  return [
    ...['--kubeconfig', kubeconfigOf(folder, 'kubelet'), '--config', configFile],
    ...['--node-ip', address, '--hostname-override', NODE_NAME],
  ]
}

export function kubeletConfig({ folder }: Plan, resolverFile: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: kubeletClientCertificate(folder) },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${basename(folder)}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: 'cluster.local',
    resolvConf: resolverFile,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    // The disk is the machine's, however full: pods are not evicted and images not removed for it.
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
  }
}

/** TOML of containerd 1.6 and 1.7; 2.x migrates it by itself. */
export function containerdConfig(cniFolder: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  return `version = 2
[${cri}]
sandbox_image = "${PAUSE_IMAGE}"
# Root of a container or a sandbox may lack the right to lower the score (CAP_SYS_RESOURCE).
restrict_oom_score_adj = true
[${cri}.cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${cniFolder}"
`
}
