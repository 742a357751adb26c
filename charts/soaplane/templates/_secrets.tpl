{{/* Which Secrets there are, and how they are made. Nothing secret is in the values, and nothing is made twice. */}}

{{- define "soaplane.controlSecret" -}}
{{- .Values.controlToken.existingSecret | default (printf "%s-control" (include "soaplane.fullname" .)) -}}
{{- end }}

{{- define "soaplane.registrySecret" -}}
{{- .Values.registry.auth.existingSecret | default (printf "%s-registry" (include "soaplane.fullname" .)) -}}
{{- end }}

{{/* The broker's URL is under its key `url`, whoever made it. */}}
{{- define "soaplane.brokerSecret" -}}
{{- $given := .Values.rabbitmq.enabled | ternary .Values.rabbitmq.existingSecret .Values.broker.existingSecret -}}
{{- $given | default (printf "%s-rabbitmq" (include "soaplane.fullname" .)) -}}
{{- end }}

{{- define "soaplane.brokerEnv" -}}
- name: AMQP_URL
  valueFrom: { secretKeyRef: { name: {{ include "soaplane.brokerSecret" . }}, key: url } }
{{- end }}

{{/*
Every Secret to generate: `random` keys with their lengths, and `text`, in which {key} stands for the value of another.
`keep`: outlives the release, because what it opens does too.
*/}}
{{- define "soaplane.secretsToMake" -}}
{{- if not .Values.controlToken.existingSecret }}
- name: {{ include "soaplane.controlSecret" . }}
  component: controller
  random: { token: 48 }
{{- end }}
{{- if and (eq (include "soaplane.registryAuth" .) "token") (not .Values.registry.auth.existingSecret) }}
- name: {{ include "soaplane.registrySecret" . }}
  component: registry
  random: { token: 48 }
{{- end }}
{{- if and .Values.rabbitmq.enabled (not .Values.rabbitmq.existingSecret) }}
- name: {{ include "soaplane.brokerSecret" . }}
  component: rabbitmq
  keep: {{ and .Values.rabbitmq.persistence.enabled (eq .Values.rabbitmq.persistence.whenDeleted "Retain") }}
  random: { password: 32, erlang-cookie: 48 }
  text:
    username: soaplane
    url: amqp://soaplane:{password}@{{ include "soaplane.fullname" . }}-rabbitmq.{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}:5672
{{- end }}
{{- end }}

{{/* The data of one of them, with what the cluster has already left as it is. Takes root and secret. */}}
{{- define "soaplane.secretData" -}}
{{- $held := dig "data" dict (lookup "v1" "Secret" .root.Release.Namespace .secret.name) -}}
{{- $values := dict -}}
{{- range $key, $length := .secret.random }}
{{- $_ := set $values $key (hasKey $held $key | ternary (index $held $key | default "" | b64dec) (randAlphaNum (int $length))) -}}
{{- end }}
{{- range $key, $text := .secret.text }}
{{- range $name, $value := $values }}
{{- $text = replace (printf "{%s}" $name) $value $text -}}
{{- end }}
{{- $_ := set $values $key $text -}}
{{- end }}
{{- range $key, $value := $values }}
{{ $key }}: {{ b64enc $value }}
{{- end }}
{{- end }}

{{/* What the job is told, in JSON. Takes root and secrets. */}}
{{- define "soaplane.secretsForJob" -}}
{{- $told := list -}}
{{- range .secrets }}
{{- $labels := include "soaplane.selector" (dict "root" $.root "name" .component) | fromYaml -}}
{{- $told = append $told (dict "name" .name "labels" $labels "random" .random "text" (.text | default dict)) -}}
{{- end }}
{{- toJson $told -}}
{{- end }}
