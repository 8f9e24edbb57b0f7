import { InputError } from '../errors.ts'
import type { SourceText, Step } from '../migration/index.ts'
import { isStandalone } from '../migration/index.ts'
import { opaqueProgram } from './file-names.ts'
import { byUnits, type Folder, partsOf } from './folder.ts'
import type { Format } from './format.ts'
import type { OpaqueStep } from './history.ts'
import { ignoredFiles, isNumberedProgram } from './ignored.ts'
import { makeStep } from './make-step.ts'
import { plainSections } from './plain-sections.ts'
import { type PsqlSource, readForPsql } from './psql-script.ts'
import { downScriptOf, type Reading, scriptOf } from './script-of.ts'

const natural = new Intl.Collator('en', { numeric: true })

/**
 * SQL files in natural order, subfolders too; `x.down.sql` reverts `x.sql` or `x.up.sql`. Each in a transaction of its own, unless it begins
 * one itself, says `-- godwit: no-transaction` in its first line, or holds a statement that no transaction takes.
 */
export const plainSql: Format = {
  name: 'sql',
  marker: 'a folder of ".sql" files',
  marks: (folder) => (folder.files.some((name) => /\.sql$/i.test(name)) ? 'weak' : undefined),
  read: async (folder) => {
    const names = folder.files.filter((name) => /\.sql$/i.test(name))
    const downs = downsOf(folder, names)
    const taken = new Set(downs.values())
    const programs = folder.files.filter((name) => isNumberedProgram(partsOf(name).base))
    const reading = { folder, tool: 'psql', warnings: [] as string[], psql: true }
    const scripts = new Map(await Promise.all(names.map(async (name) => [name, await plainSource(folder, name)] as const)))
    const marked = [...scripts].find(([, { marker }]) => marker !== undefined)
    if (marked !== undefined) {
      reading.warnings.push(
        `"${folder.shown(marked[0])}": "${marked[1].marker}" is taken for a mark that parts ups from downs, in this and all other files`,
      )
    }
    const included = new Set([...scripts.values()].flatMap((script) => script.included))
    const order = [...names.filter((name) => !taken.has(name) && !included.has(folder.path(name))), ...programs].sort(
      (a, b) => natural.compare(a, b) || byUnits(a, b),
    )
    const steps = []
    for (const name of order) {
      const down = downs.get(name)
      steps.push(
        await makeStep(folder, {
          name,
          version: partsOf(name).base.replace(/(\.up)?\.\w+$/i, ''),
          files: down === undefined ? [name] : [name, down],
          included: [name, down].flatMap((each) => scripts.get(each ?? '')?.included ?? []),
          up: programs.includes(name) ? opaqueProgram(folder, name) : await plainScript(reading, name, scripts.get(name)),
          down: await plainDown(reading, name, scripts.get(name)?.down, down, down === undefined ? undefined : scripts.get(down)?.source),
        }),
      )
    }
    const rest = folder.files.filter((name) => !order.includes(name) && !taken.has(name) && !included.has(folder.path(name)))
    return { steps, ignored: ignoredFiles(rest, 'not named ".sql"'), warnings: reading.warnings, downs: 'optional' }
  },
}

interface PlainSource extends PsqlSource {
  readonly down: SourceText | undefined
  readonly transaction: boolean
  readonly marker: string | undefined
}

async function plainSource(folder: Folder, name: string): Promise<PlainSource> {
  const { up, down, transaction, marker } = plainSections(folder.shown(name), await folder.text(name))
  const [ups, downs] = [
    await readForPsql(folder.path(name), up),
    down === undefined ? undefined : await readForPsql(folder.path(name), down),
  ]
  return { ...ups, included: [...ups.included, ...(downs?.included ?? [])], down: downs?.source, transaction, marker }
}

async function plainDown(
  reading: Reading,
  name: string,
  section: SourceText | undefined,
  file: string | undefined,
  source: SourceText | undefined,
): Promise<Step | undefined> {
  if (file !== undefined) return downScriptOf(reading, file, source === undefined ? {} : { text: source })
  return section === undefined ? undefined : downScriptOf(reading, name, { text: section })
}

async function plainScript(reading: Reading, name: string, plain: PlainSource | undefined): Promise<Step | OpaqueStep> {
  const read = await scriptOf(reading, name, plain === undefined ? {} : { text: plain.source })
  if (read.kind === 'opaque' || read.script.mode !== 'transaction') return read
  // sqlx's mark; the text then goes in one message.
  if (/^\uFEFF?\s*--\s*no-transaction\b/.test(read.script.text)) return { kind: 'sql', script: { ...read.script, mode: 'message' } }
  if (plain?.transaction === false) return { kind: 'sql', script: { ...read.script, mode: 'autocommit' } }
  const { statements } = read.script
  const standalone = statements.find(isStandalone)
  if (standalone === undefined) return read
  if (!statements.every(isStandalone)) {
    reading.warnings.push(
      `${standalone.file}:${standalone.line}: cannot run in a transaction, so the whole file runs without one: what comes before a failure stays`,
    )
  }
  return { kind: 'sql', script: { ...read.script, mode: 'autocommit' } }
}

/** Up by down. @throws {InputError} for a down without an up. */
function downsOf(folder: Folder, names: readonly string[]): ReadonlyMap<string, string> {
  const ups = new Map(names.map((name) => [name.toLowerCase(), name]))
  const downs = new Map<string, string>()
  for (const name of names) {
    const [, stem, mark] = /^(.*?)([._-](?:down|rollback|undo|revert))\.sql$/i.exec(name) ?? []
    if (stem === undefined || mark === undefined) continue
    const separator = mark.charAt(0)
    const up = [`${stem}${separator}up.sql`, `${stem}.sql`].map((each) => ups.get(each.toLowerCase())).find((each) => each !== undefined)
    if (up !== undefined) downs.set(up, name)
    // `004_rollback.sql` may well be a step of that name; `004_x.down.sql` is none.
    else if (/^\.(down|undo|rollback)$/i.test(mark)) {
      throw new InputError(`"${folder.shown(name)}" has no up beside it`, { detail: `Looked for "${stem}.up.sql" and "${stem}.sql".` })
    }
  }
  return downs
}
