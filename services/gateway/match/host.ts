const SHAPE =
  /^(?:\[[0-9a-fA-F:.]{2,45}\]|(?=.{1,254}(?::|$))[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?)(?::([0-9]{1,5}))?$/

/** The host a request is for: lower case, without port and trailing dot; undefined when the field is not a valid authority. */
export function hostOf(authority: string): string | undefined {
  const match = SHAPE.exec(authority)
  if (match === null || Number(match[1] ?? 0) > 65_535) return undefined
  const host = match[1] === undefined ? authority : authority.slice(0, authority.lastIndexOf(':'))
  return (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()
}

/** `*.example.org` of `a.b.example.org`, longest first: the wildcards that could match it (HTTPRoute: any number of labels). */
export function* wildcardsOf(host: string): Iterable<string> {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) yield `*${host.slice(dot)}`
}
