import type { Step } from '../migration/index.ts'
import { SourceText } from '../migration/index.ts'
import { opaqueProgram } from './file-names.ts'
import { byUnits, partsOf } from './folder.ts'
import type { Format } from './format.ts'
import { type GooseFile, type GooseSection, readGooseFile } from './goose-sections.ts'
import type { OpaqueStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { duplicateCheck, readStep } from './read-step.ts'
import { downScriptOf, keepOnly, type Reading, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

const pattern = /^([^_/]+)_[^/]*\.(sql|go)$/

/**
 * `<number>_<name>.sql` in one folder, by number, with `-- +goose Up` and `Down`; Go files are opaque. Each file goes in a transaction, its
 * statements one by one, unless it says NO TRANSACTION.
 *
 * @see https://github.com/pressly/goose
 */
export const goose: Format<'goose'> = {
  id: 'goose',
  marker: '"-- +goose Up" in SQL files',
  historyTables: ['goose_db_version'],
  marks: async (folder) => ((await folder.contains(/^--\s*\+goose\s+up\b/im)) ? 'strong' : undefined),
  read: async (folder) => {
    const reading = { folder, tool: 'goose', warnings: [] as string[] }
    const files = folder.files
      .filter((name) => pattern.test(name) && !/_test\.go$/.test(name))
      .map((name) => ({ name, version: pattern.exec(name)?.[1] ?? '' }))
      .filter(({ version }) => /^\d+$/.test(version) && BigInt(version) > 0n)
      .sort((a, b) => Number(BigInt(a.version) - BigInt(b.version)) || byUnits(a.name, b.name))
    const refuseDuplicate = duplicateCheck(
      folder,
      files.map(({ name, version }) => ({ name, version: String(BigInt(version)) })),
    )
    const steps = []
    for (const { name, version } of files) {
      const step = await readStep(reading, { name, version, files: [name] }, async () => {
        refuseDuplicate(name)
        return name.endsWith('.go') ? { up: opaqueProgram(folder, name) } : await gooseSteps(reading, name)
      })
      steps.push(step)
    }
    const taken = new Set(files.map(({ name }) => name))
    const rest = folder.files.filter((name) => !taken.has(name) && !/_test\.go$/.test(partsOf(name).base))
    return {
      steps,
      ignored: ignoredFiles(rest, 'not named "<number>_<name>.sql" in the folder itself'),
      warnings: reading.warnings,
      downs: 'optional',
    }
  },
}

async function gooseSteps(reading: Reading, name: string): Promise<{ readonly up: Step | OpaqueStep; readonly down: Step | undefined }> {
  const text = await reading.folder.text(name)
  const file = readGooseFile(reading.folder.shown(name), text)
  for (const line of file.unknown)
    reading.warnings.push(`${reading.folder.shown(name)}:${line}: is no annotation of goose: newer ones refuse it`)
  const mode = file.transaction ? 'transaction' : 'autocommit'
  const partsFor = async (sections: readonly GooseSection[]) =>
    ({ mode, text: await withEnvironment(reading, name, text, sections, file) }) as const
  const up = await scriptOf(reading, name, await partsFor(file.up))
  const down = file.down.length === 0 ? undefined : await downScriptOf(reading, name, await partsFor(file.down))
  for (const step of [up, down]) {
    warnOfTransactionControl(reading, step)
    warnOfCuts(reading, step, file)
  }
  return { up, down }
}

/** goose replaces `$NAME`, `${NAME}` and `${NAME:-default}` by its own environment, what is not set by nothing. */
async function withEnvironment(
  reading: Reading,
  name: string,
  text: string,
  sections: readonly GooseSection[],
  file: GooseFile,
): Promise<SourceText> {
  const ranges = sections.map(({ start, end }) => [start, end] as const)
  const source = SourceText.of(reading.folder.shown(name), keepOnly(text, ranges))
  if (file.substituted.length === 0) return source
  return source.replace(/\$\{(\w+)(?::?-([^}]*))?\}|\$([A-Za-z_]\w*)(?!\w*\$)/g, async (match, start) => {
    if (!file.substituted.some((range) => start >= range.start && start < range.end)) return undefined
    const variable = match[1] ?? match[3] ?? ''
    const value = process.env[variable] ?? match[2]
    if (value === undefined) {
      const { line } = source.originOf(start)
      reading.warnings.push(`${reading.folder.shown(name)}:${line}: the environment has no "${variable}": goose puts nothing in its place`)
    }
    return value ?? ''
  })
}

/** Where goose's cut at the end of a line falls inside a statement, it sends two halves. */
function warnOfCuts({ warnings }: Reading, step: Step | OpaqueStep | undefined, file: GooseFile): void {
  if (step?.kind !== 'sql' || file.substituted.length > 0) return
  for (const statement of step.script.statements) {
    const end = statement.offset + statement.text.length
    if (!file.cuts.some((cut) => cut > statement.offset && cut < end)) continue
    warnings.push(
      `${statement.file}:${statement.line}: goose cuts this statement at a line that ends with ";": put it between StatementBegin and StatementEnd`,
    )
  }
}
