import { type ConfigOf, oneOf, whole } from '#lib/config.ts'

/** The limiter's share of the gateway's configuration. */
export const limitSettings = {
  /** 100,000 keys of a limit with N=5 are some 25 MB: a flood of new keys stays a nuisance. */
  limitMaxKeys: whole('SOAPLANE_LIMIT_MAX_KEYS', 100_000, 'keys counted at once, per limit', [1, 10_000_000]),
  limitOnOverflow: oneOf(
    'SOAPLANE_LIMIT_ON_OVERFLOW',
    ['refuse', 'admit'],
    'refuse',
    'requests with a new key once a limit has its most keys, none of them expired',
  ),
  limitPeerTimeoutMs: whole(
    'SOAPLANE_LIMIT_PEER_TIMEOUT_MS',
    50,
    'how long a counter’s owner may take to answer before onError applies, milliseconds',
    [1, 10_000],
  ),
  limitHandoverMs: whole(
    'SOAPLANE_LIMIT_HANDOVER_MS',
    250,
    'how long a replica waits for the logs of counters that became its own, milliseconds',
    [0, 10_000],
  ),
} as const

export type LimitSettings = ConfigOf<typeof limitSettings>
