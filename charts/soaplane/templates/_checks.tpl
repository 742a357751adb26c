{{/* What values.schema.json cannot say: values that do not go together. The first refusal speaks, and names the values. */}}
{{- define "soaplane.checks" -}}
{{- $broker := .Values.broker -}}
{{- $monitoring := .Values.monitoring -}}
{{- $scaling := .Values.gateway.autoscaling -}}
{{- $ingress := .Values.gateway.ingress -}}
{{- if and (not .Values.rabbitmq.enabled) (not $broker.url) (not $broker.existingSecret) -}}
{{- fail "broker.url or broker.existingSecret is needed with rabbitmq.enabled: false" -}}
{{- end -}}
{{- if and $broker.url $broker.existingSecret -}}
{{- fail "broker.url and broker.existingSecret exclude each other" -}}
{{- end -}}
{{- if and .Values.rabbitmq.enabled (or $broker.url $broker.existingSecret) -}}
{{- fail "broker.url and broker.existingSecret are for rabbitmq.enabled: false" -}}
{{- end -}}
{{- if and .Values.watchNamespace (eq .Values.registry.auth.mode "kubernetes") -}}
{{- fail "registry.auth.mode: kubernetes reviews tokens, a right over the whole cluster; with watchNamespace use token" -}}
{{- end -}}
{{- if and .Values.watchNamespace .Values.defaultNamespace (ne .Values.watchNamespace .Values.defaultNamespace) -}}
{{- fail "defaultNamespace must be watchNamespace: no other is served" -}}
{{- end -}}
{{- if and $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled -}}
{{- fail "monitoring.podMonitor.enabled and monitoring.serviceMonitor.enabled would scrape everything twice" -}}
{{- end -}}
{{- if and $scaling.enabled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- fail "gateway.autoscaling.minReplicas is more than gateway.autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and $ingress.enabled (empty $ingress.hosts) -}}
{{- fail "gateway.ingress.hosts is empty: name the hosts that it takes" -}}
{{- end -}}
{{- end }}
