import { readFile } from 'node:fs/promises'
import type { ZodType } from 'zod'

/** A page (named from `docs/`) with what stands between its marks `<!-- NAME -->` and `<!-- /NAME -->` written anew. */
export async function withGenerated(page: string, name: string, text: string): Promise<string> {
  const old = await readFile(new URL(page, new URL('../../../docs/', import.meta.url)), 'utf8')
  const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!marks.test(old)) throw new Error(`${page} has no place marked "${name}"`)
  return old.replace(marks, (_, from: string, to: string) => `${from}${text}${to}`)
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('')
}

interface DocumentedKey {
  readonly path: string
  readonly description: string
  readonly mayBeLeftOut: boolean
}

/** A row for each key of a schema: the key, its meaning, its default. */
export function documentedKeys(schema: ZodType): readonly (readonly [key: string, meaning: string, otherwise: string])[] {
  return keysIn(schema, '').map(({ path, description, mayBeLeftOut }) => {
    const [meaning = '', otherwise = mayBeLeftOut ? 'none' : 'must be given'] = description.split(/; default:? /)
    return [`\`${path}\``, meaning, otherwise]
  })
}

/** The keys of a schema and of what stands under it. */
export function keysIn(schema: ZodType, path: string): readonly DocumentedKey[] {
  const { def, shape } = schema as unknown as {
    readonly def: { readonly innerType?: ZodType; readonly element?: ZodType; readonly options?: readonly ZodType[] }
    readonly shape?: Readonly<Record<string, ZodType>>
  }
  if (def.innerType !== undefined) return keysIn(def.innerType, path)
  if (def.element !== undefined) return keysIn(def.element, `${path}[]`)
  if (def.options !== undefined) return def.options.flatMap((each) => keysIn(each, path))
  return Object.entries(shape ?? {}).flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`
    const mayBeLeftOut = inner.safeParse(undefined).success
    return [{ path: here, description: inner.description ?? '', mayBeLeftOut }, ...keysIn(inner, here)]
  })
}
