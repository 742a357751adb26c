import { serverConfiguration } from '../bed/nginx-configuration.ts'
import { GENEROUS, prefixes } from './routes.ts'

/** A reverse proxy: one worker, keep-alive to the backend, a location per route. */
export function proxyConfiguration(proxy: { port: number; backend: string; routes: number; limited: boolean }): string {
  const { limit } = GENEROUS
  const zone = `limit_req_zone $binary_remote_addr zone=all:1m rate=${limit}r/s;`
  const locations = prefixes(proxy.routes).map(
    (prefix) =>
      `location ${prefix}/ { proxy_pass http://backend; ${proxy.limited ? `limit_req zone=all burst=${limit} nodelay; ` : ''}}`,
  )
  return serverConfiguration(
    proxy.port,
    [
      `upstream backend { server ${new URL(proxy.backend).host}; keepalive 128; keepalive_requests 1000000000; }`,
      'proxy_http_version 1.1;',
      'proxy_set_header Connection "";',
      // Debian's proxy_params.
      'proxy_set_header Host $http_host;',
      'proxy_set_header X-Real-IP $remote_addr;',
      'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
      'proxy_set_header X-Forwarded-Proto $scheme;',
      ...(proxy.limited ? [zone] : []),
    ],
    locations,
  )
}
