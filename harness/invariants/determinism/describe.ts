import { type Knowledge, showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Severity } from '../../result/index.ts'
import type { State } from '../../run/index.ts'
import type { Repetition, SessionRun, SessionSetting } from './repetition.ts'

type Kind = 'random' | 'clock' | 'row-order' | 'session'

/** A migrated attribute that comes out otherwise. */
export type Varying = {
  readonly path: string
  readonly attribute: string
  /** It is one of several of its relation. */
  readonly several?: boolean
} & ({ readonly kind: Exclude<Kind, 'session'> } | { readonly kind: 'session'; readonly session: SessionRun })

interface Wording {
  /** In a legacy attribute, and in a new one. */
  readonly severity: { readonly legacy: Severity; readonly added: Severity }
  /** The rest of a sentence about what differs. */
  readonly when: string
  readonly hint: (attribute: string) => string
}

const fromTheRow = () => 'Derive it from the row where two runs must agree (a staged roll-out, a re-run after a failure).'

const wordings: Readonly<Record<Exclude<Kind, 'session'>, Wording>> = {
  random: {
    severity: { legacy: 'warning', added: 'info' },
    when: 'between two runs on the same rows, because its values are random',
    hint: fromTheRow,
  },
  clock: {
    severity: { legacy: 'warning', added: 'info' },
    when: 'between two runs on the same rows, because its values come from the clock',
    hint: fromTheRow,
  },
  'row-order': {
    severity: { legacy: 'error', added: 'error' },
    when: 'when the same rows are stored in another order',
    hint: () => 'Add ORDER BY over columns that are unique together.',
  },
}

const nameTheForm = (setting: SessionSetting, instead: string) => () =>
  `${instead}, or SET LOCAL ${setting} at the beginning of the migration.`

const sessionHints: Readonly<Record<SessionSetting, () => string>> = {
  TimeZone: nameTheForm('TimeZone', "Name the zone: AT TIME ZONE 'UTC'"),
  DateStyle: nameTheForm('DateStyle', "Name the form: to_date(…, 'DD/MM/YYYY') or to_char(…, 'YYYY-MM-DD')"),
  IntervalStyle: nameTheForm('IntervalStyle', 'Name the form: to_char(…)'),
  bytea_output: nameTheForm('bytea_output', "Name the form: encode(…, 'hex')"),
}

/** What depends on the setting of a session: a zone changes what a value means, another setting the value that a text is read as, or only the form that a text gets. */
function sessionWording(setting: SessionSetting, type: string): Wording {
  const severity = /^(text|character|citext)/.test(type)
    ? ({ legacy: 'info', added: 'info' } as const)
    : ({ legacy: 'warning', added: 'warning' } as const)
  return {
    severity: setting === 'TimeZone' ? { legacy: 'error', added: 'warning' } : severity,
    when: `when the session that migrates has another ${setting}`,
    hint: sessionHints[setting],
  }
}

/** The finding about an attribute that comes out otherwise. */
export function describe(repetition: Repetition, knowledge: Knowledge, { path, attribute, several = false, ...varying }: Varying): Finding {
  const relation = repetition.first.catalog.relations.get(path)
  const before = [...repetition.legacy.catalog.relations].find(([, each]) => each.oid === relation?.oid)
  const number = relation?.attributes.find((each) => each.name === attribute)?.number
  const legacyAttribute = before?.[1].attributes.find((each) => each.number === number)?.name
  const { kind } = varying
  const type = relation?.attributes.find(({ name }) => name === attribute)?.type ?? ''
  const { severity, when, hint } = kind === 'session' ? sessionWording(varying.session.setting, type) : wordings[kind]
  const other = kind === 'session' ? varying.session.state : kind === 'row-order' ? undefined : repetition.second
  const cells = cellsOf(repetition.first, path, attribute) ?? []
  const [first, second] = differing(cells, cellsOf(other, path, attribute))
  // A placeholder that is the same in every row (DEFAULT '1970-01-01') says nothing about the row.
  const isConstant = kind === 'session' && new Set(cells).size === 1
  const inserted = (kind === 'clock' || kind === 'random') && legacyAttribute !== undefined && legacyCellsStay(repetition, path, attribute)
  const example = kind === 'session' ? `: ${showCell(first)} becomes ${showCell(second)}` : ''
  return {
    invariant: 'determinism',
    kind,
    severity: legacyAttribute !== undefined && !inserted ? severity.legacy : isConstant ? 'info' : severity.added,
    known: 'observed',
    relation: before?.[0] ?? path,
    attribute: several ? undefined : (legacyAttribute ?? attribute),
    ...knowledge.locate(path, attribute),
    message: `${several ? `${shownName(path)} has other rows` : `${shownName(path)}.${attribute} differs`} ${when}${example}${inserted ? '; legacy rows keep theirs' : ''}`,
    evidence: { first: first ?? null, second: second ?? null, migrated: `${path}.${attribute}` },
    hint: hint(attribute),
  }
}

/** Whether rows that were there, told by their primary key, keep their cells in both runs: only rows that the migration inserts vary then. */
function legacyCellsStay({ legacy, first, second }: Repetition, path: string, attribute: string): boolean {
  const migrated = first.catalog.relations.get(path)
  const [before, relation] = [...legacy.catalog.relations].find(([, each]) => each.oid === migrated?.oid) ?? []
  const nameNow = (name: string | undefined) => {
    const number = relation?.attributes.find((each) => each.name === name)?.number
    return migrated?.attributes.find((each) => each.number === number)?.name
  }
  const key = relation?.indexes.find((index) => index.primary)?.attributes ?? []
  const own = relation?.attributes.find(({ name }) => nameNow(name) === attribute)?.name
  const names = [...key, own]
  const namesNow = names.map(nameNow)
  if (key.length === 0 || [...names, ...namesNow].includes(undefined)) return false
  const held = new Map(keyed(legacy, before, names))
  return [first, second].every((state) => keyed(state, path, namesNow).every(([row, cell]) => !held.has(row) || held.get(row) === cell))
}

/** For each row its key as a text, and the cell of the last of the names. */
function keyed({ rows }: State, path = '', names: readonly (string | undefined)[]): readonly (readonly [string, string | null])[] {
  const table = rows.get(path)
  const positions = names.map((name) => table?.attributes.indexOf(name ?? '') ?? -1)
  return (table?.rows ?? []).map((row) => {
    const cells = positions.map((at) => row[at] ?? null)
    return [JSON.stringify(cells.slice(0, -1)), cells.at(-1) ?? null] as const
  })
}

function cellsOf(state: State | undefined, path: string, attribute: string): readonly (string | null)[] | undefined {
  const table = state?.rows.get(path)
  const at = table?.attributes.indexOf(attribute) ?? -1
  return table?.rows.map((row) => row[at] ?? null)
}

/** A cell of each side that the other side does not have in its place; the first cells where there is no other side. */
function differing(
  left: readonly (string | null)[] = [],
  right?: readonly (string | null)[],
): readonly [string | null | undefined, string | null | undefined] {
  if (right === undefined) return [left[0], undefined]
  const at = left.findIndex((cell, index) => cell !== right[index])
  return [left[Math.max(0, at)], right[Math.max(0, at)]]
}
