import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Arguments of an nginx that runs the configuration in this folder, in the foreground, with nothing of the system's. */
export function nginxArguments(folder: string, configuration: string): readonly string[] {
  mkdirSync(join(folder, 'temp'), { recursive: true })
  writeFileSync(join(folder, 'nginx.conf'), configuration)
  return ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
}

/** What all proxies stand before: answers any path with the same kilobyte. */
export function backendConfiguration(port: number, body: string): string {
  return serverConfiguration(port, ['default_type text/plain;'], [`location / { return 200 "${body}"; }`])
}

/** One worker that serves these locations on loopback. */
export function serverConfiguration(port: number, http: readonly string[], locations: readonly string[]): string {
  return `daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  ${http.join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${locations.join('\n    ')}
  }
}
`
}
