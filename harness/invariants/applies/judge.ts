import type { Knowledge } from '../../lineage/index.ts'
import { showCell } from '../../lineage/index.ts'
import type { Failure } from '../../migration/index.ts'
import { mentionsName, shownName } from '../../postgres/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'
import type { Invariant } from '../invariant.ts'
import { rules } from './rules.ts'

/**
 * `up` succeeds on every legal legacy state, not only on an empty one.
 *
 * Kind: the SQLSTATE. On rows that hold magnitudes which nobody has it is a warning, labelled `extreme`.
 */
export const applies: Invariant = {
  id: 'applies',
  holds: '`up` succeeds on every legal legacy state',
  violation: 'it fails on rows that the old schema allows',
  rules,
  looks: { everyRun: ['up'] },
  cause: (finding) => finding,
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const rows = [...run.legacy.rows.values()].reduce((sum, table) => sum + table.rows.length, 0)
    const saw = { relations: run.legacy.rows.size, rows, cells: 0, runs: 1 }
    if (run.failure === undefined)
      return rows === 0 && run.regime !== 'empty'
        ? { outcome: 'unknown', because: 'no generated data set has a row', saw }
        : { outcome: 'holds', saw }
    const guard = refusedByGuard(run, run.failure)
    if (guard !== undefined) {
      const because = `the trigger ${guard.trigger} refuses all rows that were generated for ${shownName(guard.relation)}, and so what the migration writes there: ${run.failure.message}`
      return { outcome: 'unknown', because, saw, lasting: true }
    }
    return { outcome: 'violated', findings: [describeFailure(run, run.failure, knowledge)], saw }
  },
}

/** The legacy trigger that raised a failure, and the relation, where no row of it went past the trigger before `up` either: rows that nobody has tell nothing. */
function refusedByGuard(
  run: RunObservation,
  { sqlstate, context = '' }: Failure,
): { readonly relation: string; readonly trigger: string } | undefined {
  // A setting or a function that is not there is missed on every row.
  if (!/^(P0|22|23)/.test(sqlstate)) return undefined
  const raised = [...context.matchAll(/^(?:PL\/pgSQL|SQL) function "?(?:[^(\n]*\.)?"?([^"(\n]+)"?\(/gm)].flatMap(([, name]) => name ?? [])
  return run.seed.bypassed.flatMap(({ relation }) => {
    const triggers = run.legacy.catalog.relations.get(relation)?.triggers ?? []
    const guard = triggers.find(({ definition }) => raised.some((name) => mentionsName(definition.replace(/^.*\bEXECUTE\b/s, ''), name)))
    return guard === undefined ? [] : [{ relation, trigger: guard.name }]
  })[0]
}

/** What the message says where no row is needed to make `up` fail. */
export const onEmptyDatabase = ', even on an empty database'

const onRareValues = ' on values that hardly any row has'

/** The finding of a run on which `up` failed. */
export function describeFailure(run: RunObservation, failure: Failure, knowledge: Knowledge): Finding {
  const { relation, attribute } = blameLegacy(run, failure, knowledge)
  const subject = relation === undefined ? '' : ` (${shownName(relation)}${attribute === undefined ? '' : `.${attribute}`})`
  const endless = run.statementTimeoutMs !== undefined && failure.sqlstate === '57014'
  const condition = run.regime === 'empty' ? onEmptyDatabase : run.extreme ? onRareValues : ''
  return {
    invariant: 'applies',
    kind: failure.sqlstate,
    severity: run.extreme ? 'warning' : 'error',
    known: 'observed',
    relation,
    attribute,
    object: failure.constraint,
    sqlstate: failure.sqlstate,
    statement: failure.statement?.text,
    file: failure.file,
    line: failure.line,
    message: endless
      ? `The migration does not end on rows that refer to one another in a ring${subject}`
      : `The migration ${failure.unreadable ? `leaves rows that cannot be read${condition}` : `fails${condition}`}: ${failure.message}${subject}`,
    evidence: {
      sqlstate: failure.sqlstate,
      statement: failure.statement === undefined ? null : shorten(failure.statement.text),
      detail: failure.detail ?? null,
      constraint: failure.constraint ?? null,
      ...(run.extreme ? { label: 'extreme' } : {}),
    },
    hint: failure.hint ?? (meetsItsKey(failure) ? keyTaken : remedy(failure)),
  }
}

/** The legacy relation and attribute to blame: the server's own words where it names a legacy one, else back along the lineage, else the statement's. */
export function blameLegacy(
  run: RunObservation,
  failure: Failure,
  knowledge: Knowledge,
): { readonly relation: string | undefined; readonly attribute: string | undefined } {
  const named = failure.table === undefined ? undefined : `${failure.schema ?? 'public'}.${failure.table}`
  const constraint = constraintAttributes(run, named, failure)
  const column = failure.column ?? constraint
  const legacy = named === undefined ? undefined : run.legacy.catalog.relations.get(named)
  if (named !== undefined && legacy !== undefined) return { relation: named, attribute: column }
  if (named !== undefined && column !== undefined) {
    for (const lineage of knowledge.lineage?.relations.values() ?? []) {
      for (const { attribute, destinations } of lineage.attributes.values()) {
        if (destinations.some((each) => each.relation === named && each.columns.some((at) => at.attribute === column)))
          return { relation: lineage.relation, attribute }
      }
    }
  }
  return blameStatement(run, failure, column)
}

/** The relation of the statement that is a legacy one and, where there are several, has an attribute of the failing column's name. */
function blameStatement(
  run: RunObservation,
  failure: Failure,
  column: string | undefined,
): { readonly relation: string | undefined; readonly attribute: string | undefined } {
  const text = failure.statement?.text ?? ''
  const mentioned = [...run.legacy.catalog.relations.values()].filter((each) => mentionsName(text, each.name))
  const best = mentioned.find((each) => each.attributes.some(({ name }) => name === column)) ?? mentioned[0]
  if (best === undefined) return { relation: undefined, attribute: undefined }
  const attributes = best.attributes.filter(({ name }) => mentionsName(text, name))
  // In a function that the statement ran, what the statement names is not what failed.
  const within = /^PL\/pgSQL function|^SQL function/m.test(failure.context ?? '')
  const attribute =
    best.attributes.find(({ name }) => name === column) ??
    tooLongFor(attributes, failure) ??
    (attributes.length === 1 && !within ? attributes[0] : undefined) ??
    onlyOne(attributes.filter(({ name }) => holdsValue(run, `${best.schema}.${best.name}`, name, failure))) ??
    attributes.find(({ name }) => failure.sqlstate === '22012' && new RegExp(`/\\s*\\(*"?${escapeRegExp(name)}"?`).test(text))
  return { relation: `${best.schema}.${best.name}`, attribute: attribute?.name }
}

/** The one attribute of the type that a value was too long for. */
function tooLongFor<Typed extends { readonly type: string }>(attributes: readonly Typed[], failure: Failure): Typed | undefined {
  const type = failure.sqlstate === '22001' ? /(character(?: varying)?\(\d+\))$/.exec(failure.message)?.[1] : undefined
  return onlyOne(attributes.filter((each) => each.type === type))
}

function onlyOne<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined
}

/** Whether the value that the server could not read (`invalid input … : "x"`) stands in this attribute. */
function holdsValue(run: RunObservation, relation: string, attribute: string, failure: Failure): boolean {
  const value = /^22/.test(failure.sqlstate) ? unreadValue(failure.message) : undefined
  const rows = run.legacy.rows.get(relation)
  const at = rows?.attributes.indexOf(attribute) ?? -1
  return value !== undefined && at >= 0 && (rows?.rows.some((row) => cellHolds(row[at], value)) ?? false)
}

/** The value that the server could not read: `invalid input … : "x"`. */
export function unreadValue(message: string): string | undefined {
  return /: "([\s\S]*)"(?: \([^()]*\))?$/.exec(message)?.[1]
}

/** Whether a cell is a text, or an array with it among its elements. */
export function cellHolds(cell: string | null | undefined, text: string): boolean {
  if (cell === text) return true
  return (
    cell?.startsWith('{') === true &&
    cell
      .slice(1, -1)
      .split(/[,{}]+/)
      .some((each) => each.replace(/^"(.*)"$/, '$1') === text)
  )
}

/** The attributes of the key that the server names: `Key (a, b)=(1, 2) is duplicated.` */
export function keyOfFailure({ detail }: Pick<Failure, 'detail'>): readonly string[] | undefined {
  return /^Key \(([^()]+)\)=\(/
    .exec(detail ?? '')?.[1]
    ?.split(', ')
    .map((name) => name.replace(/^"(.*)"$/, '$1'))
}

/** The one attribute of a violated constraint, where it has just one; of a constraint being added the server names only the constraint. */
function constraintAttributes(run: RunObservation, named: string | undefined, failure: Failure): string | undefined {
  // What the server says of the rows comes first: a key that is made anew can have the name of an old one, and other attributes.
  const columns = keyOfFailure(failure)
  if (columns !== undefined) return onlyOne(columns)
  const known =
    named === undefined ? undefined : run.legacy.catalog.relations.get(named)?.constraints.find((each) => each.name === failure.constraint)
  if (known !== undefined) return known.attributes.length === 1 ? known.attributes[0] : undefined
  const partition = /^Partition key of the failing row contains \("?([^"(),]+)"?\) = /.exec(failure.detail ?? '')?.[1]
  if (partition !== undefined) return partition
  const attributes = named === undefined ? [] : (run.legacy.catalog.relations.get(named)?.attributes ?? [])
  const text = failure.statement?.text ?? ''
  const mentioned = attributes.filter(({ name }) => mentionsName(text, name))
  return mentioned.length === 1 ? mentioned[0]?.name : undefined
}

const keyTaken =
  'A row with this key may stand there already: insert the new one only where there is none, or say what happens then (ON CONFLICT).'

/** Whether a statement inserts a row with a key that it names, and such a row is there. */
function meetsItsKey({ sqlstate, statement, detail }: Failure): boolean {
  const values = sqlstate === '23505' ? /^Key \(.*\)=\(([\s\S]*)\) already exists\.$/.exec(detail ?? '')?.[1]?.split(', ') : undefined
  const text = statement?.text ?? ''
  return values !== undefined && /\binsert\b/i.test(text) && values.every((value) => text.includes(value))
}

const outsideTransaction =
  'Have the tool run it without a transaction (each has its mark for that, files of SQL "-- godwit: no-transaction" in their first line), or move it into a migration of its own.'

function remedy(failure: Failure): string | undefined {
  const hints: Readonly<Record<string, string>> = {
    '23502': 'Give the column a default, or fill it before it becomes NOT NULL.',
    '23505': 'Find the duplicates first and decide which row stays; or make the index not unique.',
    '23503': 'Find the orphans first and decide what they refer to; or add the key NOT VALID.',
    '23514': 'Bring the rows into line first, or add the check NOT VALID and validate it later.',
    '22P02': `The text ${showCell(failure.message.match(/"(.*)"/)?.[1] ?? '')} has no counterpart in the new type: map it in a CASE first.`,
    '22003': 'Use a wider type.',
    '25001': outsideTransaction,
    '2D000': outsideTransaction,
    '22001': 'Use a longer type, or cut the text on purpose.',
  }
  return hints[failure.sqlstate]
}

function shorten(text: string): string {
  return text.length > 400 ? `${text.slice(0, 397)}…` : text
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
