import type { Folder } from './folder.ts'
import type { Format, Strength } from './format.ts'
import { formats } from './registry.ts'

export interface Detected {
  readonly folder: Folder
  readonly format: Format
  readonly strength: Strength
  readonly warnings: readonly string[]
}

/**
 * The format of a folder by its strongest marker; where more than one tool's own marker stands there, the first decides with a warning.
 *
 * @param wanted  Taken as it is, markers or not.
 * @param own     Formats of the user's, tried before the others.
 * @returns Undefined where no marker stands.
 */
export async function detect(folder: Folder, wanted: string | undefined, own: readonly Format[] = []): Promise<Detected | undefined> {
  const all: readonly Format[] = [...own, ...formats]
  const named = all.find(({ id }) => id === wanted)
  if (named !== undefined) return { folder, format: named, strength: await named.marks(folder), warnings: [] }
  const marked: { readonly format: Format; readonly strength: Strength }[] = []
  for (const format of all) {
    const strength = await format.marks(folder)
    if (strength !== undefined) marked.push({ format, strength })
  }
  const strong = marked.filter(({ strength }) => strength === 'strong')
  const [chosen] = [...strong, ...marked]
  if (chosen === undefined) return undefined
  // The user's own is meant where it says that it is.
  if (own.includes(chosen.format)) return { folder, ...chosen, warnings: [] }
  const others = strong.filter(({ format }) => format !== chosen.format)
  const warnings = others.map(
    ({ format }) => `read as ${chosen.format.id}; it could be ${format.id} too (${format.marker}): --format ${format.id}`,
  )
  return { folder, ...chosen, warnings }
}
