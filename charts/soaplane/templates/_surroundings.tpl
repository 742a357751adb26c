{{/* What stands around a component's pods. Each takes the component's description, see _workload.tpl. */}}

{{- define "soaplane.serviceAccount" -}}
{{- $values := include "soaplane.values" . | fromYaml -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "soaplane.metadata" . | nindent 2 }}
  {{- with $values.serviceAccountAnnotations }}
  annotations: {{ toJson . }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}

{{/* A Service of the cluster's own, for every port. */}}
{{- define "soaplane.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "soaplane.metadata" . | nindent 2 }}
spec:
  selector:
    {{- include "soaplane.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := .ports }}
    - { name: {{ $name }}, port: {{ $port }}, targetPort: {{ $name }} }
    {{- end }}
{{- end }}

{{/* Only where there are two or more: a budget over one pod lets no node drain, or says nothing. */}}
{{- define "soaplane.disruptionBudget" -}}
{{- $values := include "soaplane.values" . | fromYaml -}}
{{- $least := dig "autoscaling" "enabled" false $values | ternary (dig "autoscaling" "minReplicas" 1 $values) $values.replicas -}}
{{- if gt (int $least) 1 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "soaplane.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ $values.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "soaplane.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* `ingress`: the rules, as YAML. What pods may call is not restricted: they call the services of users, wherever those are. */}}
{{- define "soaplane.networkPolicy" -}}
{{- if .root.Values.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "soaplane.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "soaplane.selector" . | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    {{- .ingress | nindent 4 }}
{{- end }}
{{- end }}

{{/* The platform's own pods, and those that scrape. */}}
{{- define "soaplane.fromOwnAndMetrics" -}}
- podSelector:
    matchLabels:
      {{- include "soaplane.everyPod" . | nindent 6 }}
{{- with .Values.networkPolicy.metricsFrom }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A PodMonitor or a ServiceMonitor, of the port with /metrics. `details`: what else to scrape there. */}}
{{- define "soaplane.monitor" -}}
{{- $monitoring := .root.Values.monitoring -}}
{{- range $kind, $settings := dict "PodMonitor" $monitoring.podMonitor "ServiceMonitor" $monitoring.serviceMonitor }}
{{- if $settings.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: {{ $kind }}
metadata:
  name: {{ include "soaplane.name" $ }}
  namespace: {{ $.root.Release.Namespace }}
  labels:
    {{- merge (include "soaplane.labels" $ | fromYaml) $settings.labels | toYaml | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "soaplane.selector" $ | nindent 6 }}
  {{ eq $kind "PodMonitor" | ternary "podMetricsEndpoints" "endpoints" }}:
    - { port: {{ $.control }}, path: /metrics, interval: {{ $settings.interval }} }
    {{- with $.details }}
    - {{ merge (dict "port" $.control "interval" $settings.interval) . | toJson }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
