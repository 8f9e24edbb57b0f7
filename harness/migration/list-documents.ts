import type { JsonKeyHint, LiteralHint } from '../data/index.ts'

/**
 * Documents that are lists of objects, for attributes whose elements the SQL reads by keys: two elements that agree in the first key, in
 * either order, one without it, one that is JSON's null; and one for each text near what a key's value is read as.
 */
export function listDocuments(keys: readonly JsonKeyHint[]): readonly LiteralHint[] {
  const owners = new Map<string, { readonly hint: JsonKeyHint; readonly names: Map<string, readonly string[]> }>()
  for (const hint of keys) {
    const [list, name] = hint.path
    if (hint.attribute === undefined || list !== '0' || name === undefined || /^\d+$/.test(name)) continue
    const owner = JSON.stringify([hint.relation, hint.attribute])
    const found = owners.get(owner) ?? { hint, names: new Map() }
    found.names.set(name, [...(found.names.get(name) ?? []), ...(hint.path.length === 2 ? (hint.values ?? []) : [])])
    owners.set(owner, found)
  }
  return [...owners.values()].flatMap(({ hint: { relation, attribute }, names }) =>
    [...documents([...names.keys()]), ...readings(names)].map((value) => ({
      relation,
      attribute,
      kind: 'text',
      value,
      ordered: false,
      pattern: undefined,
    })),
  )
}

function documents([first = '', ...rest]: readonly string[]): readonly string[] {
  const element = (name: string | undefined, value: unknown) =>
    Object.fromEntries([...(name === undefined ? [] : [[first, name]]), ...rest.map((key) => [key, value])])
  return [
    [element('x', 1), element('x', 2)],
    [element('y', 1), element('x', '1')],
    [element('x', null)],
    [element(undefined, 1)],
    [],
    [null],
  ].map((list) => JSON.stringify(list))
}

function readings(names: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const usual = Object.fromEntries([...names].map(([name, values]) => [name, values[0] ?? 'x']))
  return [...names].flatMap(([name, values]) => values.slice(1, 5).map((value) => JSON.stringify([{ ...usual, [name]: value }])))
}
