import { InputError } from '../errors.ts'
import { isStandalone, SourceText, type Statement, type Step } from '../migration/index.ts'
import { assertion } from './assertion.ts'
import type { OpaqueStep } from './history.ts'
import type { ChangeSet, LiquibaseSql } from './liquibase-change-set.ts'
import { liquibaseCuts } from './liquibase-split.ts'
import type { StepContent } from './read-step.ts'
import { downScriptOf, type Reading, type ScriptParts, type SqlStep, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

/**
 * What one change set does: its SQL in a transaction, with its preconditions in front.
 *
 * @param properties  Values for `${name}`; what has none stays as it is, as with Liquibase.
 * @param revertedBy  The change set that the rollback names, where it names one.
 * @throws {InputError} for what Liquibase, or the server, would refuse.
 */
export async function readChangeSet(
  reading: Reading,
  changeSet: ChangeSet,
  properties: ReadonlyMap<string, string>,
  revertedBy: ChangeSet | undefined,
): Promise<StepContent> {
  if (changeSet.refused !== undefined) throw changeSet.refused
  if (changeSet.foreign.length > 0) {
    const kinds = [...new Set(changeSet.foreign)].map((kind) => `"${kind}"`).join(', ')
    return { up: opaque(reading, changeSet, `${kinds} is run by the tool: use the format "command"`) }
  }
  const up = await upOf(reading, changeSet, properties)
  const sqls = changeSet.down ?? (revertedBy?.up.length === 0 ? undefined : revertedBy?.up)
  const down = sqls === undefined ? undefined : await downOf(reading, changeSet, sqls, properties)
  for (const step of [up, down]) warnOfTransactionControl(reading, step)
  return { up, down }
}

async function upOf(reading: Reading, changeSet: ChangeSet, properties: ReadonlyMap<string, string>): Promise<SqlStep | OpaqueStep> {
  const { condition, file, line } = changeSet
  const mode = modeOf(changeSet)
  const parts = await partsOf(changeSet.up, properties)
  const read = await scriptOf(reading, file, { mode, text: parts.text })
  if (read.kind === 'opaque') return read
  refuseCuts(read, parts.cuts)
  if (changeSet.failsQuietly)
    reading.warnings.push(`${reading.folder.shown(file)}:${line}: Liquibase goes on where this change set fails (failOnError:false)`)
  if (condition === undefined || condition.otherwise === 'warn') return read
  if (condition.expression === undefined) {
    return opaque(reading, changeSet, `its precondition "${condition.unread}" is asked by the tool: use the format "command"`)
  }
  const expression = await withProperties(condition.expression, properties)
  if (condition.otherwise === 'halt') {
    const text = SourceText.join([assertion(expression, 'a precondition does not hold'), parts.text])
    return await scriptOf(reading, file, { mode, text })
  }
  const unfit = read.script.statements.find(
    (statement) => isStandalone(statement) || /^(Select|Copy|Transaction|Vacuum)Stmt$/.test(statement.node),
  )
  if (unfit !== undefined) {
    const because = `it is run only where its precondition holds, and "${unfit.text.split('\n', 1)[0]}" cannot stand in a block that asks`
    return opaque(reading, changeSet, because)
  }
  return await scriptOf(reading, file, { mode, text: conditional(expression, parts.text, read.script.statements) })
}

/** Liquibase passes the change set over where the precondition does not hold, and notes it as run. */
function conditional(expression: SourceText, text: SourceText, statements: readonly Statement[]): SourceText {
  const at = (added: string) => expression.inPlace(0, added)
  return SourceText.join([
    at('DO $godwit$ BEGIN IF ('),
    expression,
    at('\n) IS TRUE THEN\n'),
    ...statements.flatMap(({ offset, text: sql }) => [text.slice(offset, offset + sql.length), text.inPlace(offset, '\n;\n')]),
    at('END IF; END $godwit$;'),
  ])
}

async function downOf(
  reading: Reading,
  changeSet: ChangeSet,
  sqls: readonly LiquibaseSql[],
  properties: ReadonlyMap<string, string>,
): Promise<Step | undefined> {
  const { text } = await partsOf(sqls, properties)
  return await downScriptOf(reading, changeSet.file, { mode: modeOf(changeSet), text })
}

/** Outside of a transaction, SQL that is not split goes in one message, which the server wraps. */
function modeOf({ transaction, up }: ChangeSet): NonNullable<ScriptParts['mode']> {
  if (transaction) return 'transaction'
  return up.some(({ splits }) => !splits) ? 'message' : 'autocommit'
}

interface Parts {
  readonly text: SourceText
  /** Where Liquibase cuts, in that text. */
  readonly cuts: readonly number[]
}

async function partsOf(sqls: readonly LiquibaseSql[], properties: ReadonlyMap<string, string>): Promise<Parts> {
  const parts: SourceText[] = []
  const cuts: number[] = []
  let length = 0
  const add = (part: SourceText) => {
    parts.push(part)
    length += part.text.length
  }
  for (const sql of sqls) {
    const text = await withProperties(sql.text.text.startsWith('\uFEFF') ? sql.text.slice(1) : sql.text, properties)
    let done = 0
    for (const { start, end } of liquibaseCuts(text.text, sql)) {
      add(text.slice(done, start))
      cuts.push(length)
      // Any other end of statements would be a syntax error; on its own line, as a comment may stand in front.
      add(text.text.slice(start, end) === ';' ? text.slice(start, end) : text.inPlace(start, '\n;'))
      done = end
    }
    add(text.slice(done))
    if (!/;\s*$/.test(text.text)) add(text.inPlace(Math.max(0, text.text.length - 1), '\n;\n'))
  }
  return { text: SourceText.join(parts), cuts }
}

async function withProperties(text: SourceText, properties: ReadonlyMap<string, string>): Promise<SourceText> {
  return await text.replace(/\$\{\s*([\w.-]+)\s*\}/g, async ([, name = '']) => properties.get(name))
}

/** @throws {InputError} where Liquibase sends two halves of a statement, which the server refuses. */
function refuseCuts({ script }: SqlStep, cuts: readonly number[]): void {
  for (const statement of script.statements) {
    const end = statement.offset + statement.text.length
    if (!cuts.some((cut) => cut > statement.offset && cut < end)) continue
    throw new InputError(`${statement.file}:${statement.line}: Liquibase cuts this statement at a ";" inside it`, {
      hint: 'It does not know dollar quotes: say splitStatements:false, or another endDelimiter.',
    })
  }
}

function opaque({ folder }: Reading, { file }: ChangeSet, because: string): OpaqueStep {
  return { kind: 'opaque', file: folder.shown(file), because }
}
