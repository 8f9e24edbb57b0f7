import { keyAttributes } from '../../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName, type Session } from '../../postgres/index.ts'
import type { State } from '../../run/index.ts'
import { type Identity, nobody } from './identities.ts'
import {
  type Command as AccessCommand,
  type AccessState,
  commands as accessCommands,
  type Extent,
  everybody,
  type Reached,
} from './model.ts'
import { shownTrials } from './shown-trials.ts'
import type { Trial } from './trial.ts'
import { type Attempt, type Attempted, tryAll } from './try-all.ts'

const mostInserted = 2
const mostSingle = 24

/**
 * Which rows each role reaches, being each person, by each command: really tried, and undone. Rows are told by the text of their keys.
 *
 * @param stranger  A role without grants, for PUBLIC; undefined where none could be made.
 */
export async function tryRows(
  session: Session,
  access: AccessState,
  state: State,
  trials: readonly Trial[],
  roles: readonly string[],
  identities: ReadonlyMap<string, readonly Identity[]>,
  stranger: string | undefined,
): Promise<readonly Reached[]> {
  const planned = trials.flatMap((trial) =>
    roles.flatMap((role) => {
      const rights = access.relations.get(trial.through.path)?.rights
      const may = (command: AccessCommand) => rights?.[role]?.[command] ?? rights?.[everybody]?.[command]
      const as = role === everybody ? stranger : role
      return as === undefined
        ? []
        : (identities.get(trial.relation) ?? [nobody]).flatMap((identity) =>
            accessCommands.flatMap((command) => {
              if (trial.readOnly && command !== 'SELECT') return []
              const extent = may(command)
              const statements = statementsFor(trial, command, state, extent ?? 'all')
              const base = {
                ...{ role, identity: identity.label, command, relation: trial.relation, through: trial.through.path },
                shown: shownTrials({ trial, command, state, role, identity, inserts: statements }),
              }
              // Without the right no row needs to be asked for.
              if (extent === undefined) return [{ base, attempts: [] }]
              const attempts = statements.map((statement) => ({ role: as, settings: identity.settings, ...statement }))
              return [{ base, attempts }]
            }),
          )
    }),
  )
  const answers = await tryAll(
    session,
    planned.flatMap(({ attempts }) => attempts.map(({ key: _, rowByRow: __, ...attempt }): Attempt => attempt)),
  )
  let at = 0
  const first = planned.map(({ base, attempts }) => {
    const own = answers.slice(at, at + attempts.length)
    at += attempts.length
    return { base, attempts, own }
  })
  // One row that a check refuses ends a statement on all of them: those are asked for one by one.
  const refused = first.flatMap(({ attempts: [attempt], own: [answer] }) =>
    attempt !== undefined && isDenied(answer) ? attempt.rowByRow.map((sql): Attempt => ({ ...attempt, sql })) : [],
  )
  const rest = refused.length === 0 ? [] : await tryAll(session, refused)
  let next = 0
  return first.map(({ base, attempts, own: all }) => {
    const [attempt] = attempts
    const count = attempt !== undefined && isDenied(all[0]) ? attempt.rowByRow.length : 0
    const single = rest.slice(next, next + count)
    next += count
    const own = single.length === 0 ? all : [united(single)]
    return {
      ...base,
      outcome:
        attempts.length === 0
          ? ('denied' as const)
          : outcomeOf(
              own,
              attempts.map((each) => each.key),
            ),
    }
  })
}

/** Keys of all rows of a relation, whoever may see them. */
export async function allKeys(session: Session, trials: readonly Trial[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const asked = trials.filter((each) => !each.readOnly && keyOf(each) !== undefined)
  if (asked.length === 0) return new Map()
  const results = await session.script(asked.map((trial) => `SELECT ${keys(trial)} FROM ${quoteName(trial.through)} AS t`).join(';\n'))
  return new Map(asked.map((trial, at) => [trial.relation, JSON.parse(results[at]?.rows[0]?.[0] ?? '[]') as string[]]))
}

/** Whether the rows of a relation can be told apart where they are asked for. */
export function canBeTold(trial: Pick<Trial, 'legacy' | 'attributes'>): boolean {
  return keyOf(trial) !== undefined
}

function keyOf({ legacy, attributes }: Pick<Trial, 'legacy' | 'attributes'>): readonly string[] | undefined {
  const names = keyAttributes(legacy)?.map((each) => attributes.get(each))
  if (names === undefined || names.length === 0) return undefined
  return names.every((each) => each !== undefined) ? names.flatMap((each) => each ?? []) : undefined
}

function keyText(trial: Trial, alias: string): string {
  const cells = (keyOf(trial) ?? []).map((name) => `${alias}.${quoteIdentifier(name)}::pg_catalog.text`)
  return `pg_catalog.to_json(ARRAY[${cells.join(', ')}])::pg_catalog.text`
}

function keys(trial: Trial): string {
  return `coalesce(pg_catalog.json_agg(${keyText(trial, 't')}), '[]')`
}

function statementsFor(
  trial: Trial,
  command: AccessCommand,
  state: State,
  extent: Extent,
): readonly { readonly sql: string; readonly key: string; readonly answers: boolean; readonly rowByRow: readonly string[] }[] {
  const { through, legacy, attributes } = trial
  const name = quoteName(through)
  const granted = (attribute: string) => extent === 'all' || extent.includes(attributes.get(attribute) ?? '')
  if (command === 'SELECT') return [{ sql: `SELECT ${keys(trial)} FROM ${name} AS t`, key: '', answers: true, rowByRow: [] }]
  if (command === 'DELETE')
    return [
      {
        sql: `WITH t AS (DELETE FROM ${name} AS t RETURNING ${keyText(trial, 't')} AS k) SELECT coalesce(pg_catalog.json_agg(k), '[]') FROM t`,
        key: '',
        answers: true,
        rowByRow: [],
      },
    ]
  if (command === 'UPDATE') {
    // A column that is no key and that the server does not write itself.
    const key = new Set(keyAttributes(legacy))
    const plain = legacy.attributes.find(
      (each) =>
        !key.has(each.name) &&
        each.generated === undefined &&
        each.identity === undefined &&
        attributes.has(each.name) &&
        granted(each.name),
    )
    const column = quoteIdentifier(attributes.get(plain?.name ?? '') ?? keyOf(trial)?.[0] ?? '')
    const update = (where: string) =>
      `WITH t AS (UPDATE ${name} AS t SET ${column} = t.${column}${where} RETURNING ${keyText(trial, 't')} AS k) SELECT coalesce(pg_catalog.json_agg(k), '[]') FROM t`
    const rows = (state.rows.get(trial.relation)?.rows ?? []).slice(0, mostSingle)
    const rowByRow = rows.map((row) => update(` WHERE ${isRow(trial, state, row)}`))
    return [{ sql: update(''), key: '', answers: true, rowByRow }]
  }
  // A row that is there: the key is taken, which the server says only after it has looked at the rights.
  const table = state.rows.get(trial.relation)
  return (table?.rows ?? []).slice(0, mostInserted).map((row) => {
    const given = legacy.attributes.filter((each) => each.generated === undefined && attributes.has(each.name) && granted(each.name))
    const cell = (attribute: string) => row[table?.attributes.indexOf(attribute) ?? -1] ?? null
    const columns = given.map((each) => quoteIdentifier(attributes.get(each.name) ?? '')).join(', ')
    const always = given.some((each) => each.identity === 'always') ? ' OVERRIDING SYSTEM VALUE' : ''
    return {
      sql: `INSERT INTO ${name} (${columns})${always} VALUES (${given.map((each) => quoteLiteral(cell(each.name))).join(', ')})`,
      key: JSON.stringify((keyAttributes(legacy) ?? []).map(cell)),
      answers: false,
      rowByRow: [],
    }
  })
}

/** What several attempts reached together. */
function united(answers: readonly Attempted[]): Attempted {
  const keys = answers.flatMap((each) => ('answer' in each && Array.isArray(each.answer) ? each.answer : []))
  return { answer: keys }
}

function isRow({ legacy, attributes }: Trial, state: State, row: readonly (string | null)[]): string {
  const names = state.rows.get(pathOf(legacy))?.attributes ?? []
  return (keyAttributes(legacy) ?? [])
    .map(
      (each) => `t.${quoteIdentifier(attributes.get(each) ?? each)}::pg_catalog.text = ${quoteLiteral(row[names.indexOf(each)] ?? null)}`,
    )
    .join(' AND ')
}

function outcomeOf(answers: readonly Attempted[], keysOfRows: readonly string[]): Reached['outcome'] {
  const [first] = answers
  if (first === undefined) return 'denied'
  if (keysOfRows[0] === '') {
    if ('sqlstate' in first) return first.sqlstate === denied ? 'denied' : { fails: `${first.message} (${first.sqlstate})` }
    return { keys: Array.isArray(first.answer) ? first.answer.map(String) : [] }
  }
  // Any other error comes after the rights were looked at; but a value that its column does not take, or one column for two, ends the statement before.
  return { keys: keysOfRows.filter((_, at) => !isDenied(answers[at]) && !isUnread(answers[at])) }
}

const denied = '42501'

function isUnread(answer: Attempted | undefined): boolean {
  return answer !== undefined && 'sqlstate' in answer && /^(22|42)/.test(answer.sqlstate) && !isDenied(answer)
}

function isDenied(answer: Attempted | undefined): boolean {
  return answer !== undefined && 'sqlstate' in answer && answer.sqlstate === denied
}
