import { InputError } from '../../errors.ts'
import type { Counterexample } from '../counterexample.ts'
import { allInOrder } from '../in-order.ts'
import type { CloneStages } from '../stage.ts'
import { type PhaseName, phasesOf } from './phases.ts'
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
    const { rowsSql, upSql, writtenSql, downSql, upAgain, mode, downMode, sequence } = example
    const key = JSON.stringify([rowsSql, upSql, writtenSql, downSql, upAgain, mode, downMode, sequence])
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
    return await clones.run((stage) => sendPhases(phases, (phase) => (byOwner.has(phase) ? stage.connect() : stage.database.connect())))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.message
  }
}

const byOwner: ReadonlySet<PhaseName> = new Set(['up', 'down', 'again'])

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

/** Why what was printed does not show the finding; undefined where it does. */
export function notShown(example: Counterexample, seen: Seen): string | undefined {
  const { finding, after, reverted, sequence } = example
  const tells = example.tells ?? example
  const errorIn = (phase: PhaseName) => [...(seen.get(phase)?.values() ?? [])].flat().find(isError)
  const rows = errorIn('rows')
  if (rows !== undefined) return `its rows are refused: ${rows.message} (${rows.sqlstate})`
  const failing = failureOf(example)
  const expected: readonly PhaseName[] = ['up', 'written', 'down', 'again']
  for (const phase of expected) {
    const error = errorIn(phase)
    if (phase === failing?.phase) {
      if (error === undefined) return `${phaseWords[phase]} goes through`
      return error.sqlstate === failing.sqlstate
        ? undefined
        : `${phaseWords[phase]} fails in another way: ${error.message} (${error.sqlstate})`
    }
    // What is refused of several writes is passed over.
    if (error !== undefined && phase !== 'written') return `${phaseWords[phase]} fails: ${error.message} (${error.sqlstate})`
  }
  const printed = (phase: PhaseName, texts: readonly string[]) => texts.map((text) => plain(seen.get(phase)?.get(text) ?? []))
  const [left, right] =
    sequence !== undefined
      ? [printed('table', ['']), printed('view', [''])]
      : finding.invariant === 'round-trip'
        ? [printed('after', after), printed('afterwards', after)]
        : finding.invariant === 'rollback-restores-state'
          ? [printed('before', example.before), printed('reverted', reverted)]
          : [printed('before', tells.before), printed('after', tells.after)]
  return JSON.stringify(left) === JSON.stringify(right) ? 'what it selects is the same before and after' : undefined
}

const phaseWords: Readonly<Partial<Record<PhaseName, string>>> = { up: 'up', down: 'down', again: 'the second up', written: 'a write' }

/** Of a finding that is a failure: where, and with which SQLSTATE. */
function failureOf({ finding }: Counterexample): { readonly phase: PhaseName; readonly sqlstate: string } | undefined {
  const { invariant, kind, evidence } = finding
  if (invariant === 'applies') return { phase: 'up', sqlstate: kind }
  const { sqlstate } = evidence as { readonly sqlstate?: unknown }
  if (kind !== 'fails' || typeof sqlstate !== 'string') return undefined
  if (invariant === 'rollback-restores-state') return { phase: 'down', sqlstate }
  return invariant === 'round-trip' ? { phase: 'again', sqlstate } : undefined
}

/** What a reader can tell apart: rows with their columns, errors with their text. */
function plain(printed: readonly Printed[]): unknown {
  return printed.map((each) => (isError(each) ? [each.sqlstate, each.message] : [each.columns, each.rows, each.rowCount]))
}
