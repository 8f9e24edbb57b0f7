import { relative, resolve } from 'node:path'
import { type OpenedDatabase, pathOf, quoteName, type Session, shownName } from '../../postgres/index.ts'
import { counted } from '../../report/index.ts'
import { codeUses, databaseUsesIn } from '../references/index.ts'
import { unusedFor, usageIn } from '../usage/index.ts'
import type { Removal } from './removal.ts'

/** One of the three questions, and why the answer is no. */
export interface RemovalCheck {
  readonly id: 'code' | 'catalog' | 'use'
  readonly text: string
  /** In sentences without a period; empty where it is clean. */
  readonly reasons: readonly string[]
}

const MOST_NAMED = 8

/** Whether code still names the relation. It is read from files, and so outside of any transaction. */
export async function judgeCode({ relation, code, reviewed }: Removal, signal: AbortSignal): Promise<RemovalCheck> {
  const reasons: string[] = []
  for (const folder of code) {
    const { certain, ambiguous } = await codeUses(folder, pathOf(relation), signal)
    const shown = ({ file, line }: { readonly file: string; readonly line: number }) =>
      `${relative(process.cwd(), resolve(folder, file))}:${line}`
    const open = ambiguous.filter(({ file }) => !reviewed.includes(resolve(folder, file)))
    const named = [
      ...certain.map((each) => `${shown(each)} uses it: ${each.lineText.slice(0, 120)}`),
      ...open.map((each) => `${shown(each)} may use it (${each.because}): ${each.lineText.slice(0, 120)}`),
    ]
    reasons.push(
      ...named.slice(0, MOST_NAMED),
      ...(named.length > MOST_NAMED ? [`${counted(named.length - MOST_NAMED, 'more place')} in ${folder}`] : []),
    )
  }
  const nothing = code.length === 0 ? ['no code was searched: name folders in removes.code'] : []
  return { id: 'code', text: 'No code names it.', reasons: [...reasons, ...nothing] }
}

/**
 * Whether the catalog and the counted statements leave the relation free to go.
 *
 * @throws {InputError} When there is no such relation.
 */
export async function judgeDatabase(database: OpenedDatabase, session: Session, removal: Removal): Promise<readonly RemovalCheck[]> {
  const { relation, unusedDays, store } = removal
  const named = await databaseUsesIn(session, relation)
  const keys = await session.query<{ object: string }>(
    `SELECT format('foreign key %I of %s', conname, conrelid::regclass) AS object FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND confrelid = to_regclass($1) AND conrelid <> confrelid ORDER BY 1`,
    [quoteName(relation)],
  )
  const objects = [
    ...named.map(({ object, place }) => `${object} names it (${place})`),
    ...keys.map(({ object }) => `${object} refers to it`),
  ]
  const usage = await usageIn(database, session, relation, store)
  return [
    { id: 'catalog', text: 'Nothing in the database names it.', reasons: objects },
    {
      id: 'use',
      text: `Nobody has used ${shownName(pathOf(relation))} for ${counted(unusedDays, 'day')}.`,
      reasons: unusedFor(usage, unusedDays).reasons,
    },
  ]
}
