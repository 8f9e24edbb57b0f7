import { useCluster } from 'godwit/vitest'
import { type GeneratedCompat, generateOn, readTarget } from '../../../harness/operations/compat/generate.ts'
import { parseMapping } from '../../../harness/operations/compat/read-mapping.ts'
import { writtenFiles } from '../history/written-history.ts'

/** The day on which everything here is generated. */
export const now = new Date('2026-11-29T20:15:00Z')

/**
 * Generate from a mapping into a folder of its own.
 *
 * @param files  What stands in the folder before; its path below the folder is `within`.
 */
export async function generateIn(
  files: Readonly<Record<string, string>>,
  mapping: string,
  { within = '.', runs = 6, dryRun = false }: { readonly within?: string; readonly runs?: number; readonly dryRun?: boolean } = {},
) {
  const folder = await writtenFiles(files)
  try {
    const path = `${folder.path}/${within}`
    const options = { runs }
    const generated: GeneratedCompat = await generateOn(
      await useCluster(),
      await readTarget(path, options),
      parseMapping(mapping, 'mapping.yaml'),
      { path, options, hooks: {}, now, dryRun },
    )
    return { generated, path: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

/** The invariants that hold, and what was found against the others. */
export function answerOf({ verdict, invariants, findings, examples }: GeneratedCompat) {
  return {
    verdict,
    holds: invariants.flatMap((each) => (each.verdict === 'holds' ? [each.id] : [])),
    errors: findings.flatMap(({ severity, invariant, message }) => (severity === 'error' ? [`${invariant}: ${message}`] : [])),
    examples,
  }
}
