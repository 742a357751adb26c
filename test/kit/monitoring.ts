import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { CHART } from './helm.ts'

interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[]
}

export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Panel {
  readonly type: string
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

/** The chart's alerts, as Prometheus reads them. */
export function alerts(): readonly Alert[] {
  const { groups } = parse(readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8')) as Rules
  return groups.flatMap(({ rules }) => rules)
}

/** Every query of the chart's dashboard. */
export function dashboardQueries(): readonly string[] {
  const { panels } = JSON.parse(readFileSync(join(CHART, 'files/dashboard.json'), 'utf8')) as { panels: Panel[] }
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
}

/** RabbitMQ's own metrics are not Soaplane's to prove; a cluster with one does. */
export function isOfBroker(metric: string): boolean {
  return metric.startsWith('rabbitmq_')
}
