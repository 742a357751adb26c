import type { KubeObject } from '#lib/kube.ts'
import type { EndpointSlice } from '../api/objects.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object without the API server's book-keeping of who set which field. */
export function withoutManagedFields<T extends { readonly metadata: object }>(object: T): T {
  const { managedFields: _managed, ...metadata } = object.metadata as { readonly managedFields?: unknown }
  return { ...object, metadata }
}

/** Without what only the API server and kubectl need: at 10,000 objects that is half of the memory. */
export function slim<T extends KubeObject>(object: T): T {
  const bare = withoutManagedFields(object)
  const { annotations, ...metadata } = bare.metadata as KubeObject['metadata'] & {
    readonly annotations?: Readonly<Record<string, string>>
  }
  const { [LAST_APPLIED]: _applied, ...kept } = annotations ?? {}
  return { ...bare, metadata: { ...metadata, ...(Object.keys(kept).length > 0 && { annotations: kept }) } }
}

/** Only what addresses need: slices are the largest and most frequently changing objects of a cluster. */
export function slimSlice(slice: EndpointSlice): EndpointSlice {
  const { name, namespace, uid, generation, resourceVersion, creationTimestamp, labels } = slice.metadata
  return {
    metadata: { name, namespace, uid, generation, resourceVersion, creationTimestamp, ...(labels && { labels }) },
    addressType: slice.addressType,
    endpoints: (slice.endpoints ?? []).map(({ addresses, conditions, targetRef }) => ({
      addresses,
      ...(conditions && { conditions }),
      ...(targetRef && { targetRef: named(targetRef) }),
    })),
    ports: (slice.ports ?? []).map(({ name, port, protocol }) => ({
      ...(name !== undefined && { name }),
      ...(port !== undefined && { port }),
      ...(protocol !== undefined && { protocol }),
    })),
  }
}

function named({ kind, name }: { readonly kind?: string; readonly name?: string }) {
  return { ...(kind !== undefined && { kind }), ...(name !== undefined && { name }) }
}
