{{/* One configuration per version of RabbitMQ: keys that a node does not know stop it from booting. This is for 4.0 and newer. */}}
{{- define "soaplane.rabbitmqConf" -}}
{{- $rabbitmq := .Values.rabbitmq -}}
# The pods by name: no rights needed, and it works on every version.
cluster_formation.peer_discovery_backend = classic_config
{{- range $i := until (int $rabbitmq.replicas) }}
cluster_formation.classic_config.nodes.{{ add1 $i }} = {{ include "soaplane.rabbitmqNode" (dict "root" $ "pod" (printf "%s-rabbitmq-%d" (include "soaplane.fullname" $) $i)) }}
{{- end }}
cluster_formation.target_cluster_size_hint = {{ $rabbitmq.replicas }}
{{- if gt (int $rabbitmq.replicas) 1 }}
# A new node waits this many seconds for another one: alone, it would begin a cluster of its own.
cluster_formation.discovery_retry_limit = 300
cluster_formation.discovery_retry_interval = 1000
cluster_partition_handling = pause_minority
# Queues of a time with one node grow onto the others.
quorum_queue.continuous_membership_reconciliation.enabled = true
quorum_queue.continuous_membership_reconciliation.target_group_size = {{ $rabbitmq.replicas }}
{{- end }}
# A durable queue of no stated type is replicated; transient and exclusive ones stay classic.
default_queue_type = quorum
queue_leader_locator = balanced
# Plain queue_declare makes transient queues, and existing clients use it: allowed by default up to 4.2 only.
deprecated_features.permit.transient_nonexcl_queues = true
consumer_timeout = {{ int64 $rabbitmq.consumerTimeoutMs }}
# Of one connection. The bus has two a replica, one to consume and one to publish, and each route takes a channel of both.
channel_max = 2047
disk_free_limit.absolute = {{ $rabbitmq.diskFreeLimit }}
{{- with dig "limits" "memory" "" $rabbitmq.resources }}
# The container's limit: RabbitMQ would count the node's memory where it cannot see the limit.
total_memory_available_override_value = {{ regexReplaceAll "i$" . "iB" }}
{{- end }}
log.file = false
log.console = true
log.console.formatter = json
log.console.level = {{ eq .Values.logLevel "warn" | ternary "warning" .Values.logLevel }}
{{- with $rabbitmq.extraConfig }}
{{ trim . }}
{{- end }}
{{- end }}

{{/* Dead letters are sent at least once; their worker would wait 180 s for a confirm that a lost node never gives. */}}
{{- define "soaplane.rabbitmqAdvanced" -}}
[{rabbit, [
  {dead_letter_worker_publisher_confirm_timeout, 5000},
  {dead_letter_worker_consumer_prefetch, 256}
]}].
{{- end }}

{{/*
A message to esb_exchange with a key that nobody binds is kept, not dropped. By policy, since an argument of the exchange would
refuse the clients that declare it without one; and by the node itself, since only one that runs takes policies, and one whose
volume is new has none. A node serves whether it succeeds or not: it goes on trying beside it, with ever longer pauses.
*/}}
{{- define "soaplane.rabbitmqStart" -}}
#!/bin/sh
set -eu
keep_unroutable() {
  pause=5
  until sleep "$pause" && rabbitmqctl --quiet set_policy --apply-to exchanges soaplane-unroutable '^esb_exchange$' \
    '{"alternate-exchange":"soa.unroutable"}'; do
    if [ "$pause" -lt 60 ]; then pause=$((pause * 2)); fi
  done
}
keep_unroutable &
exec rabbitmq-server
{{- end }}

{{/* Takes root and the pod's name, or a reference to it. */}}
{{- define "soaplane.rabbitmqNode" -}}
rabbit@{{ .pod }}.{{ include "soaplane.fullname" .root }}-rabbitmq-nodes.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}
