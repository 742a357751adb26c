import { isCollection, isMap, type Node, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml'

/** One value of the chart as its table tells it; a block of values has no default of its own. */
export interface Row {
  readonly name: string
  readonly fallback?: unknown
  readonly about: string
}

/** The values of a values.yaml with their comments, in order. Maps in block style are blocks, those in flow style values. */
export function rowsOf(values: string): readonly Row[] {
  const { contents } = parseDocument(values)
  return isMap(contents) ? rowsIn(contents as YAMLMap<Scalar<string>, Node>, []) : []
}

/** A Markdown table of them. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, fallback, about }) => {
    const value = fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``
    return `| \`${name}\` | ${cell(value)} | ${cell(about)} |`
  })
  return ['| value | default | what it does |', '|---|---|---|', ...lines].join('\n')
}

/** The text with what stands between two markers replaced. */
export function filledIn(text: string, marker: string, content: string): string {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`There is no ${begin} … ${end}`)
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`
}

function rowsIn(map: YAMLMap<Scalar<string>, Node>, path: readonly string[]): readonly Row[] {
  return map.items.flatMap((pair, index) => {
    const name = [...path, pair.key.value]
    // The parser hands a map the comment before its first key.
    const about = aboutOf(pair) || (index === 0 && path.length > 0 ? told(map.commentBefore) : '')
    const { value } = pair
    if (isMap(value) && !value.flow) {
      const block = about === '' ? [] : [{ name: name.join('.'), about }]
      return [...block, ...rowsIn(value as YAMLMap<Scalar<string>, Node>, name)]
    }
    const fallback = isCollection(value) ? value.toJSON() : (value as Scalar).value
    return [{ name: name.join('.'), fallback, about }]
  })
}

function aboutOf({ key }: Pair<Scalar<string>, Node | null>): string {
  return told(key.commentBefore)
}

// The last paragraph: those before it are the file's.
function told(comment: string | null | undefined): string {
  const paragraph = (comment ?? '').split('\n\n').at(-1) as string
  return paragraph
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
