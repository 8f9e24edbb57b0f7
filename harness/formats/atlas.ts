import { InputError } from '../errors.ts'
import type { Step } from '../migration/index.ts'
import { type AtlasFile, readAtlasFile } from './atlas-file.ts'
import { atlasSumMismatch, type SumMismatch, sumName } from './atlas-sum.ts'
import { byUnits, type Folder } from './folder.ts'
import type { Format } from './format.ts'
import type { HistoryStep, OpaqueStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { duplicateCheck, readStep } from './read-step.ts'
import { downScriptOf, type Reading, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

/**
 * `<version>_<name>.sql` beside `atlas.sum`, by name. Each file goes in a transaction, statement by statement, unless it says
 * `-- atlas:txmode none`. The newest checkpoint stands for all before it. Atlas computes what reverts a step, unless the file has a
 * section `down.sql`.
 *
 * @see https://atlasgo.io/concepts/migration-directory-integrity and https://atlasgo.io/versioned/apply
 */
export const atlas: Format<'atlas'> = {
  id: 'atlas',
  marker: '"atlas.sum" beside SQL files',
  historyTables: ['atlas_schema_revisions'],
  marks: async (folder) => (folder.has(sumName) && !(await isAnotherTools(folder)) ? 'strong' : undefined),
  read: async (folder) => {
    const reading = { folder, tool: 'Atlas', warnings: [] as string[] }
    const names = folder.files.filter((name) => /^[^/]+\.sql$/.test(name)).sort(byUnits)
    const mismatch = folder.has(sumName) ? await atlasSumMismatch(folder, names) : undefined
    const files = [...new Set([...names, ...(mismatch === undefined ? [] : [mismatch.file])])]
      .sort(byUnits)
      .map((name) => ({ name, version: name.replace(/\.sql$/, '').split('_', 1)[0] ?? name }))
    const read = new Map<string, AtlasFile | InputError>()
    for (const name of names) read.set(name, await atlasFile(folder, name))
    const checkpoint = names.findLast((name) => isCheckpoint(read.get(name)))
    const live = checkpoint === undefined ? files : files.slice(files.findIndex(({ name }) => name === checkpoint))
    const refuseDuplicate = duplicateCheck(folder, files)
    const steps: HistoryStep[] = []
    for (const { name, version } of live) {
      const step = await readStep(reading, { name, version, files: [name].filter((each) => folder.has(each)) }, async () => {
        refuseMismatch(folder, name, mismatch)
        refuseDuplicate(name)
        return await atlasSteps(reading, name, read.get(name))
      })
      steps.push(step)
    }
    const because = `the checkpoint "${checkpoint}" stands for it on an empty database`
    return {
      steps,
      ignored: [
        ...files.slice(0, files.length - live.length).map(({ name }) => ({ file: name, because })),
        ...ignoredFiles(
          folder.files.filter((name) => !names.includes(name)),
          'not ".sql" in the folder itself',
        ),
      ],
      warnings: reading.warnings,
      downs: steps.some(({ down }) => down !== undefined) ? 'optional' : 'none',
    }
  },
}

/** Atlas keeps its sums beside the files of other tools too. */
async function isAnotherTools(folder: Folder): Promise<boolean> {
  if (folder.files.some((name) => /\.up\.sql$|^V\d.*__.*\.sql$/.test(name))) return true
  return await folder.contains(/^--\s*(\+goose\s+up|migrate:up|liquibase formatted)\b/im)
}

async function atlasFile(folder: Folder, name: string): Promise<AtlasFile | InputError> {
  try {
    return readAtlasFile(folder.shown(name), await folder.text(name))
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
}

function isCheckpoint(file: AtlasFile | InputError | undefined): boolean {
  return file !== undefined && !(file instanceof InputError) && file.checkpoint
}

function refuseMismatch(folder: Folder, name: string, mismatch: SumMismatch | undefined): void {
  if (mismatch?.file !== name) return
  throw new InputError(`"${folder.shown(name)}" was ${mismatch.reason} after "${sumName}" was written`, {
    hint: 'Atlas refuses the folder (checksum mismatch). Put the file back, or run "atlas migrate hash" if it is meant.',
  })
}

async function atlasSteps(reading: Reading, name: string, file: AtlasFile | InputError | undefined) {
  if (file === undefined || file instanceof InputError) throw file ?? new InputError(`there is no "${reading.folder.shown(name)}"`)
  const shown = reading.folder.shown(name)
  for (const { line, text } of file.unseen) {
    reading.warnings.push(
      `${shown}:${line}: Atlas does not see "${text}": an empty line must part it from the statements, at the file's top`,
    )
  }
  if (file.imports) {
    const because = 'it takes statements out of other files (atlas:import), which are not read'
    return { up: { kind: 'opaque', file: shown, because } satisfies OpaqueStep }
  }
  const mode = file.transaction ? 'transaction' : 'autocommit'
  const read = await scriptOf(reading, name, { mode, text: file.up })
  // Without a transaction, each statement is noted as soon as it has run (partial_hashes).
  const up = read.kind === 'opaque' || file.transaction ? read : { ...read, script: { ...read.script, resumes: true } }
  const down: Step | undefined = file.down === undefined ? undefined : await downScriptOf(reading, name, { mode, text: file.down })
  for (const step of [up, down]) warnOfTransactionControl(reading, step)
  return { up, down }
}
