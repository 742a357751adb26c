import { packImage } from './archive.ts'
import { withDebian } from './tree.ts'

// Stands in for the official image of this name where none can be pulled: Debian's Prometheus, started as that one is.

export function buildPrometheusImage(name: string, target: string): Promise<string> {
  return withDebian('bookworm', ['ca-certificates', 'prometheus'], ({ folder }) =>
    packImage(name, folder, { Entrypoint: ['/usr/bin/prometheus'], User: '65534:65534', WorkingDir: '/' }, target),
  )
}
