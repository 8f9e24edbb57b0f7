import { InputError } from '../errors.ts'
import type { SourceText, Step } from '../migration/index.ts'
import { isStandalone } from '../migration/index.ts'
import { opaqueProgram } from './file-names.ts'
import { byUnits, type Folder, partsOf } from './folder.ts'
import type { Format } from './format.ts'
import type { OpaqueStep } from './history.ts'
import { ignoredFiles, isNumberedProgram } from './ignored.ts'
import { plainSections } from './plain-sections.ts'
import { type PsqlSource, readForPsql } from './psql-script.ts'
import { readStep } from './read-step.ts'
import { downScriptOf, type Reading, scriptOf } from './script-of.ts'
import { withoutTransaction } from './standalone-script.ts'

const natural = new Intl.Collator('en', { numeric: true })

/**
 * SQL files in natural order, subfolders too; `x.down.sql` reverts `x.sql` or `x.up.sql`. Each in a transaction of its own, unless it begins
 * one itself, says `-- godwit: no-transaction` in its first line, or holds a statement that no transaction takes.
 */
export const plainSql: Format<'sql'> = {
  id: 'sql',
  marker: 'a folder of ".sql" files',
  historyTables: [],
  marks: (folder) => (folder.files.some((name) => /\.sql$/i.test(name)) ? 'weak' : undefined),
  read: async (folder) => {
    const names = folder.files.filter((name) => /\.sql$/i.test(name))
    const downs = downsOf(names)
    const taken = new Set(downs.values())
    const programs = folder.files.filter((name) => isNumberedProgram(partsOf(name).base))
    const reading = { folder, tool: 'psql', warnings: [] as string[], psql: true }
    const refused = new Map<string, InputError>()
    const scripts = new Map<string, PlainSource>()
    for (const name of names) {
      const source = await plainSource(folder, name).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error
        return error
      })
      if (source instanceof InputError) refused.set(name, source)
      else scripts.set(name, source)
    }
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
      const files = down === undefined ? [name] : [name, down]
      const version = partsOf(name).base.replace(/(\.up)?\.\w+$/i, '')
      const step = await readStep(reading, { name, version, files }, async () => {
        const refusal = files.map((each) => refused.get(each)).find((each) => each !== undefined) ?? lonelyDown(folder, name)
        if (refusal !== undefined) throw refusal
        return {
          included: files.flatMap((each) => scripts.get(each)?.included ?? []),
          up: programs.includes(name) ? opaqueProgram(folder, name) : await plainScript(reading, name, scripts.get(name)),
          down: await plainDown(reading, name, scripts.get(name)?.down, down, down === undefined ? undefined : scripts.get(down)?.source),
        }
      })
      steps.push(step)
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
  const { script, standalone } = withoutTransaction(read.script)
  if (standalone !== undefined && !script.statements.every(isStandalone)) {
    reading.warnings.push(
      `${standalone.file}:${standalone.line}: cannot run in a transaction, so the whole file runs without one: what comes before a failure stays`,
    )
  }
  return { kind: 'sql', script }
}

/** The file that reverts another, by that one's name. */
function downsOf(names: readonly string[]): ReadonlyMap<string, string> {
  const ups = new Map(names.map((name) => [name.toLowerCase(), name]))
  const downs = new Map<string, string>()
  for (const name of names) {
    const [, stem, mark] = /^(.*?)([._-](?:down|rollback|undo|revert))\.sql$/i.exec(name) ?? []
    if (stem === undefined || mark === undefined) continue
    const separator = mark.charAt(0)
    const up = [`${stem}${separator}up.sql`, `${stem}.sql`].map((each) => ups.get(each.toLowerCase())).find((each) => each !== undefined)
    if (up !== undefined) downs.set(up, name)
  }
  return downs
}

/** `004_rollback.sql` may well be a step of that name; `004_x.down.sql`, which is no down of another file, is none. */
function lonelyDown(folder: Folder, name: string): InputError | undefined {
  const stem = /^(.*?)\.(?:down|undo|rollback)\.sql$/i.exec(name)?.[1]
  if (stem === undefined) return undefined
  return new InputError(`"${folder.shown(name)}" has no up beside it`, { detail: `Looked for "${stem}.up.sql" and "${stem}.sql".` })
}
