import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { ZodType } from 'zod'
import { contractSchema } from '../../../harness/migration/index.ts'
import { table, withGenerated } from './generated-page.ts'

interface DocumentedKey {
  readonly path: string
  readonly description: string
  readonly mayBeLeftOut: boolean
}

describe('docs/contract.md', () => {
  test('has every key of a contract (to write it anew: vitest run specs/harness/config -u)', async () => {
    const rows = keysIn(contractSchema, '').map(({ path, description, mayBeLeftOut }) => {
      const [meaning = '', otherwise = mayBeLeftOut ? 'none' : 'must be given'] = description.split(/; default:? /)
      return [`\`${path}\``, meaning, otherwise]
    })
    expect(rows.filter(([, meaning]) => meaning === '')).toEqual([])
    const page = await withGenerated('contract.md', 'keys', table(['key', 'meaning', 'default'], rows))
    await expect(page).toMatchFileSnapshot('../../../docs/contract.md')
  })

  test('has an example of each key, that is a contract', async () => {
    const page = await readFile(new URL('../../../docs/contract.md', import.meta.url), 'utf8')
    const shown = [...page.matchAll(/defineContract\((\{[\s\S]*?\n\})\)/g)].map(([, text]) => new Function(`return ${text}`)() as unknown)
    for (const each of shown) expect(contractSchema.safeParse(each).error).toBeUndefined()
    const used = new Set(shown.flatMap((each) => keysUsed(each, '')))
    expect(
      keysIn(contractSchema, '')
        .map(({ path }) => path)
        .filter((path) => !used.has(path)),
    ).toEqual([])
  })
})

/** The keys of a schema and of what stands under it. */
function keysIn(schema: ZodType, path: string): readonly DocumentedKey[] {
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

function keysUsed(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => keysUsed(each, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`
    return [here, ...keysUsed(inner, here)]
  })
}
