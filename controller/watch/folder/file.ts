import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import { type Document, validate } from '../../api/validate.ts'

/** What one file holds: its good documents, and an error for each other one. */
export interface FileContent {
  readonly documents: readonly Document[]
  readonly errors: readonly FileError[]
}

/** Names file, document and field, and says what to do. */
export interface FileError {
  readonly file: string
  /** 1 for the first document of the file. */
  readonly document: number
  readonly line?: number
  /** Kind and name as far as they can be read, so that the last good version can be kept. */
  readonly object?: string
  readonly field: string
  readonly message: string
}

/** Reads a file's text: YAML (JSON is YAML too), any number of documents. Never throws: what is wrong becomes an error. */
export function readFile(file: string, text: string, defaultNamespace: string): FileContent {
  const documents: Document[] = []
  const errors: FileError[] = []
  const lines = new LineCounter()
  for (const [i, parsed] of [parseAllDocuments(text, { lineCounter: lines })].flat().entries()) {
    const at = { file, document: i + 1, line: lines.linePos(parsed.range[0]).line }
    const [fault] = parsed.errors
    if (fault !== undefined) {
      errors.push({
        ...at,
        line: fault.linePos?.[0].line ?? at.line,
        field: '',
        message: fault.message.split('\n')[0] ?? 'not valid YAML',
      })
      continue
    }
    if (parsed.contents === null || (isScalar(parsed.contents) && parsed.contents.value === null)) continue
    const value = plain(parsed)
    const checked = validate(value, defaultNamespace)
    if (checked.ok) documents.push(checked.document)
    else {
      const object = isMap(parsed.contents) ? identityOf(value, defaultNamespace) : undefined
      errors.push(
        ...checked.violations.map((violation) => ({
          ...at,
          line: lines.linePos(placeOf(parsed.contents, violation.field)).line,
          ...(object !== undefined && { object }),
          ...violation,
        })),
      )
    }
  }
  return { documents, errors }
}

/** Where a field such as `spec.paths[0].value` stands in the text; for one that is missing, where it belongs. */
function placeOf(contents: unknown, field: string): number {
  let node = contents
  let place = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const step of field.match(/[^.[\]]+/g) ?? []) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === step) : undefined
    const item = isSeq(node) ? node.items[Number(step)] : undefined
    const found = pair?.key ?? item
    if (!isNode(found)) break
    place = found.range?.[0] ?? place
    node = pair?.value ?? item
  }
  return place
}

// `maxAliasCount` makes toJS throw on alias bombs; that is the file's fault, not ours.
function plain(parsed: { toJS: (options: { maxAliasCount: number }) => unknown }): unknown {
  try {
    return parsed.toJS({ maxAliasCount: 100 })
  } catch {
    return undefined
  }
}

function identityOf(value: unknown, defaultNamespace: string): string | undefined {
  const { kind, metadata } = (value ?? {}) as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } }
  if (typeof kind !== 'string' || typeof metadata?.name !== 'string') return undefined
  return `${kind}/${typeof metadata.namespace === 'string' ? metadata.namespace : defaultNamespace}/${metadata.name}`
}

/** One line for a log or a person. */
export function sayError({ file, document, line, field, message }: FileError): string {
  const where = line === undefined ? file : `${file}:${line}`
  return `${where} document ${document}: ${field === '' ? '' : `${field}: `}${message}`
}
