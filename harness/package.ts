import { readFileSync } from 'node:fs'
import { extname } from 'node:path'

/**
 * A file of this package by its path from the package's folder.
 *
 * This module stands in a folder right below that one, as source (`harness/`) and built (`dist/`; `scripts/bundle.ts` keeps it there).
 */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url)
}

/** What `import 'godwit'` loads: the library that this module belongs to, as source or built. */
export function ownIndex(): URL {
  return new URL(`./index${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
}

/** The version of this Godwit, from its package. */
export function packageVersion(): string {
  const text = readFileSync(packageFile('package.json'), 'utf8')
  return String((JSON.parse(text) as { readonly version: unknown }).version)
}
