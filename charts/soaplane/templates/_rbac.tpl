{{/* Bindings of a component's account to the role of its own name. */}}

{{- define "soaplane.roleBinding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "soaplane.metadata" . | nindent 2 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ include "soaplane.name" . }} }
subjects: [{ kind: ServiceAccount, name: {{ include "soaplane.name" . }}, namespace: {{ .root.Release.Namespace }} }]
{{- end }}

{{/* The same in another namespace than the release's, or over all of them: names of those must be unique in the cluster. */}}
{{- define "soaplane.rightsIn" -}}
{{- $kind := empty .namespace | ternary "ClusterRole" "Role" -}}
{{- $name := printf "%s-%s" .root.Release.Namespace (include "soaplane.name" .) -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  {{- include "soaplane.metadataIn" (merge (dict "as" $name) .) | nindent 2 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  {{- include "soaplane.metadataIn" (merge (dict "as" $name) .) | nindent 2 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: {{ $kind }}, name: {{ $name }} }
subjects: [{ kind: ServiceAccount, name: {{ include "soaplane.name" . }}, namespace: {{ .root.Release.Namespace }} }]
{{- end }}

{{- define "soaplane.metadataIn" -}}
name: {{ .as }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "soaplane.labels" . | nindent 2 }}
{{- end }}
