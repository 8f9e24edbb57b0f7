import type { FindingResult } from '../result/index.ts'
import { maskSecrets, maskSecretsIn } from './mask-secrets.ts'
import { type SavedSequence, sequenceOf } from './saved-sequence.ts'
import { visibleText } from './visible-text.ts'

/** What `renderCounterexample` writes down. All SQL is taken as it is: nothing in it is masked or changed. */
export interface CounterexampleInput {
  readonly finding: FindingResult
  /** The migration's name. */
  readonly migration: string
  /** Paths to verify again for a replay, as `godwit verify` takes them. */
  readonly paths: readonly string[]
  readonly legacySql: readonly string[]
  /** INSERTs or COPY blocks. */
  readonly rowsSql: string
  readonly upSql: string
  readonly downSql?: string | undefined
  /** How `upSql` and `downSql` are sent; `transaction` wraps each in BEGIN and COMMIT. Default: as they stand. */
  readonly mode?: 'transaction' | 'message' | 'autocommit' | undefined
  /** SELECTs on the legacy, the migrated and the reverted database. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly reverted: readonly string[]
  /** Server version, e.g. `18.4`. */
  readonly server: string
  readonly seed: string
}

/** The machine-readable line of a counterexample. */
export interface CounterexampleMeta {
  readonly version: 1
  readonly migration: string
  readonly paths: readonly string[]
  readonly finding: string
  readonly invariant: string
  readonly kind: string
  readonly relation: string | null
  readonly attribute: string | null
  readonly object: string | null
  readonly message: string
  readonly server: string
  readonly seed: string
  /** What stands after `begin` and `end` in the lines around the rows. */
  readonly rows: string
  /** Statements of clients that show it, where it takes some. */
  readonly sequence?: SavedSequence | undefined
}

/** Starts the machine-readable line. */
export const metaPrefix = '-- godwit: '

/** The lines around the legacy rows. */
export function rowMarkers(rows: string): { readonly begin: string; readonly end: string } {
  return { begin: `-- godwit: begin ${rows}`, end: `-- godwit: end ${rows}` }
}

/**
 * A file that shows one violation with psql alone: `psql -X -v ON_ERROR_STOP=0 -f FILE` in an empty database.
 *
 * It stops by itself in a database that is not empty, goes on after errors (they may be what it shows), and connects anew for each
 * phase, so that no setting, open transaction or error of one phase reaches the next. `parseCounterexample` reads it again.
 */
export function renderCounterexample(input: CounterexampleInput): string {
  const { finding } = input
  const rows = freeLabel([...input.legacySql, input.rowsSql].join('\n'))
  const markers = rowMarkers(rows)
  const sequence = sequenceOf(finding.evidence)
  const meta: CounterexampleMeta = {
    ...maskSecretsIn({
      version: 1 as const,
      migration: input.migration,
      paths: input.paths,
      finding: finding.id,
      invariant: finding.invariant,
      kind: finding.kind,
      relation: finding.relation,
      attribute: finding.attribute,
      object: finding.object,
      message: finding.message,
      server: input.server,
      seed: input.seed,
      rows,
    }),
    // Like all SQL here, as it was sent.
    ...(sequence === undefined ? {} : { sequence }),
  }
  const sections = [
    header(input),
    metaPrefix + oneLine(JSON.stringify(meta)),
    guard,
    section('legacy schema', input.legacySql),
    `${title('legacy rows')}\n${freshConnection}\n${markers.begin}\n${input.rowsSql}\n${markers.end}\n;`,
    section('what it looks like before', input.before),
    ...(sequence === undefined ? [] : [section('the statements on the table', sentThenUndone(sequence, input.before))]),
    section('up', [wrapped(input.upSql, input.mode)]),
    ...(sequence === undefined ? [] : [section('the statements on the view', sentThenUndone(sequence, input.before))]),
    section('what it looks like after', input.after),
  ]
  if (input.downSql !== undefined) {
    sections.push(section('down', [wrapped(input.downSql, input.mode)]), section('what it looks like after down', input.reverted))
  }
  return `${sections.join('\n\n')}\n`
}

/** JSON lets separators of lines and paragraphs stand as they are; an editor ends the comment there. */
function oneLine(json: string): string {
  return json.replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (separator) => `\\u${separator.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function header({ finding, migration, server, seed }: CounterexampleInput): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ['migration', migration],
    ['finding', finding.id],
    ['invariant', finding.invariant],
    ['kind', finding.kind],
    ['relation', finding.relation],
    ['attribute', finding.attribute],
    ['object', finding.object],
    ['message', finding.message],
    ['server', `PostgreSQL ${server}`],
    ['seed', seed],
  ]
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`--   ${name.padEnd(9)}  ${visibleText(maskSecrets(value))}`]))
  return [
    '-- Counterexample, saved by Godwit. Use a throw-away database: what follows creates and drops as the migration does.',
    '--',
    '--   createdb throwaway && psql -X -v ON_ERROR_STOP=0 -d throwaway -f FILE',
    '--',
    ...lines,
    '--',
  ].join('\n')
}

// Objects that an extension brought (by way of template1) do not count: nobody keeps data in them.
const guard = `\\set QUIET on
\\pset pager off
\\pset null NULL
SELECT count(*) > 0 AS godwit_not_empty
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e') \\gset
\\if :godwit_not_empty
\\warn 'This database is not empty. Use a throw-away one: createdb throwaway && psql -X -d throwaway -f FILE'
\\quit
\\endif
\\unset godwit_not_empty`

// Without arguments psql connects to the same database as the same user again.
const freshConnection = '\\connect'

function section(name: string, sql: readonly string[]): string {
  const body = sql.length === 0 ? ['-- nothing'] : [freshConnection, ...sql.map(terminated)]
  return [title(name), ...body].join('\n')
}

function title(name: string): string {
  return `\\echo\n\\echo '-- ${name}'\n-- ${name}`
}

/** Each statement by itself in a transaction, as a client would send it, and the rows that it leaves; then all is undone. */
function sentThenUndone({ statements }: SavedSequence, look: readonly string[]): readonly string[] {
  const sent = statements.flatMap(({ parts, copyData }) =>
    copyData === undefined ? parts : parts.map((part) => `${part};\n${copyData}\\.\n`),
  )
  // An error undoes its own statement only.
  return ['\\set ON_ERROR_ROLLBACK on\nBEGIN', ...sent, ...look, 'ROLLBACK']
}

/** A text may end in a comment, so whether its last statement is closed cannot be told by its last character. An empty one does nothing. */
function terminated(sql: string): string {
  return `${sql}\n;`
}

function wrapped(sql: string, mode: CounterexampleInput['mode']): string {
  return mode === 'transaction' ? `BEGIN;\n${terminated(sql)}\nCOMMIT` : sql
}

/** `legacy rows`, unless the text itself has a line that would be taken for the marker. */
function freeLabel(text: string): string {
  const lines = new Set(text.split('\n'))
  for (let number = 1; ; number += 1) {
    const label = number === 1 ? 'legacy rows' : `legacy rows ${number}`
    const { begin, end } = rowMarkers(label)
    if (!lines.has(begin) && !lines.has(end)) return label
  }
}
