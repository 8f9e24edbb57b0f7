import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const migrations = ['stock-batches', 'order-line-items', 'table-items', 'kv-to-tables']

/** The spec files of the migrations, as paths in the repository. */
export function specFiles(root: string): readonly string[] {
  return migrations.flatMap((name) => [
    `specs/${name}.spec.ts`,
    ...readdirSync(join(root, 'specs', name))
      .filter((file) => file.endsWith('.spec.ts'))
      .map((file) => `specs/${name}/${file}`),
  ])
}

/** Ids of all claims that a spec of the migrations names. */
export function claimsWithSpecs(root: string): readonly string[] {
  const named = specFiles(root).flatMap((file) => readFileSync(join(root, file), 'utf8').match(/\b(?:SB|OLI|CV|TI|KV)-\d+\b/g) ?? [])
  return [...new Set(named)].toSorted()
}

/** The spec files that name a claim, and the pattern of its tests (what Vitest takes after `-t`). */
export function specsOf(root: string, claim: string, test = ''): { readonly files: readonly string[]; readonly pattern: string } {
  const files = specFiles(root).filter((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return new RegExp(`\\b${claim}\\b`).test(text) && text.includes(test)
  })
  return { files, pattern: `\\b${claim}\\b.*${test.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}` }
}
