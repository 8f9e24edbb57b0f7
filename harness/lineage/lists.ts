/** The elements of an array or of a JSON list, each as a row of its own would show it; undefined for what is no list of plain values. */
export function listOf(cell: string, type: string): readonly (string | null)[] | undefined {
  if (type.endsWith('[]')) return arrayElements(cell)
  if (type !== 'json' && type !== 'jsonb') return undefined
  try {
    const list: unknown = JSON.parse(cell)
    if (!Array.isArray(list)) return undefined
    return list.map((element: unknown) => (element === null ? null : typeof element === 'string' ? element : JSON.stringify(element)))
  } catch {
    return undefined
  }
}

/** An element in a row: JSON respaced and strings without their quotes, so that both ways to unnest a JSON list meet. */
export function elementKey(cell: string, listType: string): string {
  if (listType.endsWith('[]')) return cell
  try {
    const value: unknown = JSON.parse(cell)
    return typeof value === 'string' ? value : JSON.stringify(value)
  } catch {
    return cell
  }
}

/** Elements of an array literal of one dimension; undefined for more dimensions or other bounds. */
function arrayElements(literal: string): readonly (string | null)[] | undefined {
  if (!literal.startsWith('{') || !literal.endsWith('}')) return undefined
  const inner = literal.slice(1, -1)
  if (inner === '') return []
  const elements: (string | null)[] = []
  const element = /"((?:[^"\\]|\\.)*)"(?=,|$)|([^",{}]*)(?=,|$)/gsy
  for (let at = 0; at <= inner.length; at = element.lastIndex + 1) {
    element.lastIndex = at
    const match = element.exec(inner)
    if (match === null) return undefined
    const [, quoted, bare] = match
    elements.push(quoted !== undefined ? quoted.replaceAll(/\\(.)/gs, '$1') : bare === 'NULL' ? null : (bare ?? ''))
  }
  return elements
}

/** An element as an array literal writes it. */
export function quoteElement(text: string): string {
  return text === '' || /[{},"\\\s]/.test(text) || text.toUpperCase() === 'NULL'
    ? `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    : text
}
