import { InputError } from '../../errors.ts'
import { allInOrder, type CloneStages } from '../../run/index.ts'
import type { Counterexample } from '../counterexample.ts'
import { phasesOf, wayOf } from './phases.ts'
import { isError, type Printed, type Seen, sendPhases } from './send-phases.ts'

/**
 * Send what each counterexample file would send, from its rows on, to a clone of the legacy database, and look whether it shows its finding.
 * Files that differ only in what they select share a clone.
 *
 * @param lanes  How many clones are worked on at a time.
 * @returns By path, why a file does not show its finding; nothing for those that do.
 */
export async function checkShown(
  examples: ReadonlyMap<string, Counterexample>,
  clones: CloneStages,
  lanes: number,
): Promise<ReadonlyMap<string, string>> {
  const groups = new Map<string, [path: string, example: Counterexample][]>()
  for (const [path, example] of examples) {
    const { rowsSql, upSql, writtenSql, downSql, mode, downMode, sequence } = example
    const key = JSON.stringify([rowsSql, wayOf(example), upSql, writtenSql, downSql, mode, downMode, sequence])
    groups.set(key, [...(groups.get(key) ?? []), [path, example]])
  }
  const found = await allInOrder([...groups.values()], lanes, async (group) => {
    const seen = await sendTogether(
      group.map(([, example]) => example),
      clones,
    )
    return group.flatMap(([path, example]): readonly (readonly [string, string])[] => {
      const because = typeof seen === 'string' ? seen : notShown(example, seen)
      return because === undefined ? [] : [[path, because]]
    })
  })
  return new Map(found.flat())
}

async function sendTogether(group: readonly Counterexample[], clones: CloneStages): Promise<Seen | string> {
  const [first] = group
  if (first === undefined) return new Map()
  // The clone has the roles and the legacy schema.
  const phases = phasesOf(
    {
      ...first,
      before: distinct(group.flatMap((each) => each.before)),
      after: distinct(group.flatMap((each) => each.after)),
      reverted: distinct(group.flatMap((each) => each.reverted)),
    },
    first.sequence,
  ).filter(({ name }) => name !== 'roles' && name !== 'legacy')
  try {
    // Under psql one user owns all that is there; here it is the role that made the legacy schema.
    return await clones.run((stage) => sendPhases(phases, ({ ofMigration }) => (ofMigration ? stage.connect() : stage.database.connect())))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.message
  }
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

/** Why what was printed does not show the finding; undefined where it does. */
export function notShown(example: Counterexample, seen: Seen): string | undefined {
  const errorIn = (phase: string) => [...(seen.get(phase)?.values() ?? [])].flat().find(isError)
  const rows = errorIn('rows')
  if (rows !== undefined) return `its rows are refused: ${rows.message} (${rows.sqlstate})`
  const { sqlstate } = example
  for (const { name, title, ofMigration } of phasesOf(example, example.sequence)) {
    // What is refused of several writes is passed over.
    if (!ofMigration) continue
    const error = errorIn(name)
    const isLast = name === `step ${wayOf(example).length}`
    if (sqlstate === undefined || !isLast) {
      if (error !== undefined) return `${title} fails: ${error.message} (${error.sqlstate})`
      continue
    }
    if (error === undefined) return `${title} goes through`
    return error.sqlstate === sqlstate ? undefined : `${title} fails in another way: ${error.message} (${error.sqlstate})`
  }
  if (!example.differs) return undefined
  const [left, right] = comparedIn(example, seen)
  return JSON.stringify(left) === JSON.stringify(right) ? 'what it selects is the same before and after' : undefined
}

/** What a reader compares: the table's answers with the view's, the state before with the one after `down`, the first `up` with a later one. */
function comparedIn(example: Counterexample, seen: Seen): readonly [left: unknown, right: unknown] {
  const printed = (phase: string, texts: readonly string[]) => texts.map((text) => plain(seen.get(phase)?.get(text) ?? []))
  const { before, after, reverted, sequence, tells = example } = example
  if (sequence !== undefined) return [printed('table', ['']), printed('view', [''])]
  const way = wayOf(example)
  const last = `look ${way.length}`
  if (way.length === 1) return [printed('before', tells.before), printed(last, tells.after)]
  return way.at(-1) === 'up' ? [printed('look 1', after), printed(last, after)] : [printed('before', before), printed(last, reverted)]
}

/** What a reader can tell apart: rows with their columns, errors with their text. */
function plain(printed: readonly Printed[]): unknown {
  return printed.map((each) => (isError(each) ? [each.sqlstate, each.message] : [each.columns, each.rows, each.rowCount]))
}
