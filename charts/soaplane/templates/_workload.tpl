{{/*
What a component of Soaplane's own is made of. Each of these takes the component's description:
  root     the chart's root context
  name     of the component, and of its block in the values
  main     what its pods run, a file of the image
  ports    container ports, by name; the first is a Service's
  control  name of the port with /livez, /readyz and /metrics
  env      its environment, as YAML
  account  whether it talks to the Kubernetes API
A component is a file that lists what it needs of these: see registry.yaml.
*/}}

{{- define "soaplane.deployment" -}}
{{- $values := include "soaplane.values" . | fromYaml -}}
{{- $scaled := dig "autoscaling" "enabled" false $values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "soaplane.metadata" . | nindent 2 }}
spec:
  {{- if not $scaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  selector:
    matchLabels:
      {{- include "soaplane.selector" . | nindent 6 }}
  template:
    metadata:
      {{- include "soaplane.podMetadata" (merge (dict "values" $values "metricsPort" (index .ports .control)) .) | nindent 6 }}
    spec:
      {{- include "soaplane.podSpec" (merge (dict "values" $values) .) | nindent 6 }}
      {{- /* The drain delay, then the 25 s that parts may take to stop, then what Kubernetes needs to notice. */}}
      terminationGracePeriodSeconds: {{ add 30 (div (add $values.drainDelayMs 999) 1000) }}
      containers:
        - name: {{ .name }}
          image: {{ include "soaplane.ownImage" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [node, {{ .main }}]
          env:
            {{- include "soaplane.env" (merge (dict "values" $values) .) | nindent 12 }}
          ports:
            {{- range $name, $port := .ports }}
            - { name: {{ $name }}, containerPort: {{ $port }} }
            {{- end }}
          {{- include "soaplane.probes" . | nindent 10 }}
          resources: {{ toJson $values.resources }}
          securityContext: {{ toJson $values.securityContext }}
          {{- with $values.extraVolumeMounts }}
          volumeMounts: {{ toJson . }}
          {{- end }}
{{- end }}

{{- define "soaplane.podMetadata" -}}
labels:
  {{- merge (include "soaplane.selector" . | fromYaml) .values.podLabels .root.Values.extraLabels | toYaml | nindent 2 }}
{{- $annotations := deepCopy .values.podAnnotations -}}
{{- if and .metricsPort .root.Values.monitoring.annotations -}}
{{- $scrape := dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .metricsPort) "prometheus.io/path" "/metrics" -}}
{{- $annotations = merge $annotations $scrape -}}
{{- end }}
{{- with merge $annotations (.podAnnotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What is the same in every pod: who it is, where it may run. */}}
{{- define "soaplane.podSpec" -}}
serviceAccountName: {{ .serviceAccount | default (include "soaplane.name" .) }}
automountServiceAccountToken: {{ .account | default false }}
{{- /* Kubernetes would set SOAPLANE_GATEWAY_PORT to an URL, for a Service of that name. */}}
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
securityContext: {{ toJson .values.podSecurityContext }}
{{- with .values.topologyKeys }}
topologySpreadConstraints:
  {{- range . }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $.values.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "soaplane.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with .values.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with concat (.volumes | default list) .values.extraVolumes }}
volumes: {{ toJson . }}
{{- end }}
{{- end }}

{{- define "soaplane.env" -}}
{{- $own := print (include "soaplane.commonEnv" .) "\n" .env -}}
{{- include "soaplane.mergedEnv" (dict "own" ($own | fromYamlArray) "extra" .values.extraEnv) -}}
{{- end }}

{{- define "soaplane.commonEnv" -}}
- { name: SOAPLANE_LOG_LEVEL, value: {{ .root.Values.logLevel }} }
- { name: SOAPLANE_DRAIN_DELAY_MS, value: {{ .values.drainDelayMs | int64 | quote }} }
- name: SOAPLANE_CONTROL_TOKEN
  valueFrom: { secretKeyRef: { name: {{ include "soaplane.controlSecret" .root }}, key: token } }
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
{{- /* Replicas call each other by address: a Service would pick any of them. */}}
- { name: SOAPLANE_ADVERTISED_URL, value: "http://$(POD_IP):{{ index .ports .control }}" }
{{- end }}

{{/* The user's variables win: the API server refuses a name that is given twice. Takes own and extra, lists. */}}
{{- define "soaplane.mergedEnv" -}}
{{- $given := list -}}
{{- range .extra }}{{ $given = append $given .name }}{{ end -}}
{{- $kept := list -}}
{{- range .own }}{{ if not (has .name $given) }}{{ $kept = append $kept . }}{{ end }}{{ end -}}
{{- concat $kept .extra | toYaml -}}
{{- end }}

{{/* A start may take its time on a busy node; past it, ten lost probes of life are needed for a restart. */}}
{{- define "soaplane.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: {{ .control }} }
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 120
livenessProbe:
  httpGet: { path: /livez, port: {{ .control }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 10
readinessProbe:
  httpGet: { path: /readyz, port: {{ .control }} }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}
