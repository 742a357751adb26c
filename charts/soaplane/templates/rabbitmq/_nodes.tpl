{{- define "soaplane.rabbitmqNodes" -}}
{{- $values := include "soaplane.values" . | fromYaml -}}
{{- $image := include "soaplane.image" $values.image -}}
{{- $secret := include "soaplane.brokerSecret" .root -}}
{{- $configuration := print (include "soaplane.rabbitmqConf" .root) (include "soaplane.rabbitmqAdvanced" .root) (include "soaplane.rabbitmqStart" .root) -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  {{- include "soaplane.metadata" . | nindent 2 }}
spec:
  replicas: {{ $values.replicas }}
  serviceName: {{ include "soaplane.name" . }}-nodes
  # After a loss of all, a node may wait for the one that stopped last: in order, that one would never be started.
  podManagementPolicy: Parallel
  selector:
    matchLabels:
      {{- include "soaplane.selector" . | nindent 6 }}
  template:
    metadata:
      {{- $checksum := dict "checksum/configuration" (sha256sum $configuration) }}
      {{- include "soaplane.podMetadata" (merge (dict "values" $values "metricsPort" .ports.metrics "podAnnotations" $checksum) .) | nindent 6 }}
    spec:
      {{- include "soaplane.podSpec" (merge (dict "values" $values "volumes" (include "soaplane.rabbitmqVolumes" . | fromYamlArray)) .) | nindent 6 }}
      terminationGracePeriodSeconds: 120
      initContainers:
        # RabbitMQ takes its cookie only from a file that is its user's alone, which no volume of a Secret can be.
        - name: cookie
          image: {{ $image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [install, -m, "600", /secret/erlang-cookie, /var/lib/rabbitmq/.erlang.cookie]
          resources: { requests: { cpu: 10m, memory: 16Mi }, limits: { memory: 64Mi } }
          securityContext: {{ toJson $values.securityContext }}
          volumeMounts:
            - { name: secret, mountPath: /secret, readOnly: true }
            - { name: data, mountPath: /var/lib/rabbitmq }
      containers:
        - name: rabbitmq
          image: {{ $image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [sh, /etc/rabbitmq/start.sh]
          env:
            {{- $own := include "soaplane.rabbitmqEnv" (dict "root" .root "secret" $secret) | fromYamlArray }}
            {{- include "soaplane.mergedEnv" (dict "own" $own "extra" $values.extraEnv) | nindent 12 }}
          ports:
            {{- range $name, $port := .ports }}
            - { name: {{ $name }}, containerPort: {{ $port }} }
            {{- end }}
            - { name: epmd, containerPort: 4369 }
            - { name: distribution, containerPort: 25672 }
          # Ports, not commands: each call of rabbitmq-diagnostics boots an Erlang machine. The node listens for clients once
          # it has booted; for its peers as long as it lives, also while it pauses in a minority, where a restart helps nobody.
          startupProbe: { tcpSocket: { port: amqp }, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 300 }
          readinessProbe: { tcpSocket: { port: amqp }, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 }
          livenessProbe: { tcpSocket: { port: distribution }, periodSeconds: 15, timeoutSeconds: 10, failureThreshold: 8 }
          {{- if gt (int $values.replicas) 1 }}
          # Not before its queues can do without it.
          lifecycle: { preStop: { exec: { command: [rabbitmq-upgrade, await_online_quorum_plus_one, -t, "60"] } } }
          {{- end }}
          resources: {{ toJson $values.resources }}
          securityContext: {{ toJson $values.securityContext }}
          volumeMounts:
            - { name: configuration, mountPath: /etc/rabbitmq, readOnly: true }
            - { name: data, mountPath: /var/lib/rabbitmq }
            - { name: tmp, mountPath: /tmp }
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
  {{- with $values.persistence }}
  {{- if .enabled }}
  persistentVolumeClaimRetentionPolicy: { whenDeleted: {{ .whenDeleted }}, whenScaled: Retain }
  volumeClaimTemplates:
    - metadata:
        name: data
        labels:
          {{- include "soaplane.selector" $ | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: { requests: { storage: {{ .size }} } }
  {{- end }}
  {{- end }}
{{- end }}

{{- define "soaplane.rabbitmqEnv" -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- { name: RABBITMQ_USE_LONGNAME, value: "true" }
- { name: RABBITMQ_NODENAME, value: {{ include "soaplane.rabbitmqNode" (dict "root" .root "pod" "$(POD_NAME)") }} }
- name: RABBITMQ_DEFAULT_USER
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: username } }
- name: RABBITMQ_DEFAULT_PASS
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: password } }
- { name: HOME, value: /var/lib/rabbitmq }
- { name: LANG, value: C.UTF-8 }
{{- end }}

{{- define "soaplane.rabbitmqVolumes" -}}
- name: configuration
  configMap: { name: {{ include "soaplane.name" . }} }
- name: secret
  secret: { secretName: {{ include "soaplane.brokerSecret" .root }}, items: [{ key: erlang-cookie, path: erlang-cookie }] }
- { name: tmp, emptyDir: {} }
{{- if not .root.Values.rabbitmq.persistence.enabled }}
- { name: data, emptyDir: {} }
{{- end }}
{{- end }}
