import type { Folder } from './folder.ts'
import type { Format, Strength } from './format.ts'
import type { FormatName } from './history.ts'
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
 * @returns Undefined where no marker stands.
 */
export async function detect(folder: Folder, wanted: FormatName | undefined): Promise<Detected | undefined> {
  const named = formats.find(({ name }) => name === wanted)
  if (named !== undefined) return { folder, format: named, strength: await named.marks(folder), warnings: [] }
  const marked: { readonly format: Format; readonly strength: Strength }[] = []
  for (const format of formats) {
    const strength = await format.marks(folder)
    if (strength !== undefined) marked.push({ format, strength })
  }
  const strong = marked.filter(({ strength }) => strength === 'strong')
  const [chosen] = [...strong, ...marked]
  if (chosen === undefined) return undefined
  const others = strong.filter(({ format }) => format !== chosen.format)
  const warnings = others.map(
    ({ format }) => `read as ${chosen.format.name}; it could be ${format.name} too (${format.marker}): --format ${format.name}`,
  )
  return { folder, ...chosen, warnings }
}
