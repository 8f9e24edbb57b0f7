import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

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

let code: string | undefined

/** Of a built Godwit: what {@link digestOfCode} gives, so that it is not read each time. */
export const codeDigestFile = 'code.sha256'

/** Hex sha256 of all code of this Godwit, as it runs, and of what it depends on: another one may judge otherwise, whatever version it has. */
export function codeDigest(): string {
  code ??= digestOfPackage(fileURLToPath(new URL('.', import.meta.url)))
  return code
}

/**
 * Hex sha256 of the code in a package's folder, and of the versions of the packages that it depends on: other rows are drawn with another
 * version of one, and SQL is read otherwise.
 *
 * @param own  The folder with the code, right below that of the package.
 */
export function digestOfPackage(own: string): string {
  const saved = join(own, codeDigestFile)
  const ofCode = existsSync(saved) ? readFileSync(saved, 'utf8').trim() : digestOfCode(own)
  return createHash('sha256')
    .update(JSON.stringify([ofCode, dependencyVersions(dirname(own))]))
    .digest('hex')
}

/** Hex sha256 of the code in a folder. */
export function digestOfCode(own: string): string {
  const hash = createHash('sha256')
  const files = readdirSync(own, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.sort()) {
    const bytes = readFileSync(file)
    hash.update(`${relative(own, file)}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

function dependencyVersions(folder: string): readonly (readonly [name: string, version: unknown])[] {
  const names = Object.keys(readPackage(folder)?.dependencies ?? {})
  return names.map((name) => [name, installedIn(folder, name)?.version])
}

/** Where Node.js would find it: in the nearest `node_modules`, going up. */
function installedIn(folder: string, name: string): PackageFile | undefined {
  const found = readPackage(join(folder, 'node_modules', name))
  const parent = dirname(folder)
  return found ?? (parent === folder ? undefined : installedIn(parent, name))
}

interface PackageFile {
  readonly version?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
}

function readPackage(folder: string): PackageFile | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PackageFile) : undefined
}
