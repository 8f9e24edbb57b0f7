import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { contractSchema } from '../../../harness/migration/index.ts'
import { documentedKeys, keysIn, table, withGenerated } from './generated-page.ts'

describe('docs/contract.md', () => {
  test('has every key of a contract (to write it anew: vitest run specs/harness/config -u)', async () => {
    const rows = documentedKeys(contractSchema)
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

function keysUsed(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => keysUsed(each, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`
    return [here, ...keysUsed(inner, here)]
  })
}
