{{/* Names and labels. Those that a component gets take its description: (dict "root" $ "name" "gateway" …). */}}

{{/* 36 characters leave room for the longest suffix in 52, the most that a StatefulSet's name may have. */}}
{{- define "soaplane.fullname" -}}
{{- $chart := .Values.nameOverride | default .Chart.Name -}}
{{- $usual := contains $chart .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $chart) -}}
{{- .Values.fullnameOverride | default $usual | trunc 36 | trimSuffix "-" -}}
{{- end }}

{{- define "soaplane.name" -}}
{{- include "soaplane.fullname" .root }}-{{ .name }}
{{- end }}

{{/* What never changes of a pod's labels, since selectors cannot. */}}
{{- define "soaplane.selector" -}}
app.kubernetes.io/name: {{ .root.Values.nameOverride | default .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{/* Every pod of this release. */}}
{{- define "soaplane.everyPod" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "soaplane.labels" -}}
{{- $own := include "soaplane.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "soaplane" -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") -}}
{{- merge $own .root.Values.extraLabels | toYaml -}}
{{- end }}

{{- define "soaplane.metadata" -}}
name: {{ .as | default (include "soaplane.name" .) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "soaplane.labels" . | nindent 2 }}
{{- end }}

{{/* The component's values: its own block over the defaults. */}}
{{- define "soaplane.values" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values .name | default dict)) | toYaml -}}
{{- end }}

{{- define "soaplane.image" -}}
{{- .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end -}}
{{- end }}

{{- define "soaplane.ownImage" -}}
{{- $image := .Values.image -}}
{{- include "soaplane.image" (dict "repository" $image.repository "digest" $image.digest "tag" ($image.tag | default .Chart.AppVersion)) -}}
{{- end }}

{{/* Where registered names live that come without a namespace. */}}
{{- define "soaplane.defaultNamespace" -}}
{{- .Values.defaultNamespace | default .Values.watchNamespace | default "default" -}}
{{- end }}

{{- define "soaplane.registryAuth" -}}
{{- $mode := .Values.registry.auth.mode -}}
{{- eq $mode "auto" | ternary (empty .Values.watchNamespace | ternary "kubernetes" "token") $mode -}}
{{- end }}
