import jsonata from 'jsonata'

/** A node of an expression's tree. */
export type Node = jsonata.ExprNode

/** The tree of an expression; throws what JSONata throws. */
export function parse(source: string): Node {
  return jsonata(source).ast()
}
