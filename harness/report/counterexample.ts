import type { FindingResult, ShownInterleaving, ShownSequence } from '../result/index.ts'
import type { Phase } from '../run/index.ts'
import { type CounterexamplePhase, type CounterexampleSteps, counterexamplePhases, terminated } from '../verify/index.ts'
import { maskSecrets, maskSecretsIn } from './mask-secrets.ts'
import { visibleText } from './visible-text.ts'

/** What `renderCounterexample` writes down. All SQL is taken as it is: nothing in it is masked or changed. */
export interface CounterexampleInput extends CounterexampleSteps {
  readonly finding: FindingResult
  /** The migration's name. */
  readonly migration: string
  /** Digest of its files. */
  readonly digest?: string | undefined
  /** Paths to verify again for a replay, as `godwit verify` takes them. */
  readonly paths: readonly string[]
  /** Of a failure. */
  readonly sqlstate?: string | undefined
  /** Whether `down` brought it back on these rows, and not on all. */
  readonly acquitted?: boolean | undefined
  /** Whether the rows hold magnitudes that hardly any real row has. */
  readonly extreme?: boolean | undefined
  /** Statements of clients that show it, where it takes some. */
  readonly sequence?: ShownSequence | undefined
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
  /** The same of what was written after `up`; not there where nothing was. */
  readonly written?: string | undefined
  /** Of the migration's files, when it was saved. */
  readonly digest?: string | undefined
  /** What is done to the legacy database, in this order. */
  readonly way?: readonly Phase[] | undefined
  /** Of a failure. */
  readonly sqlstate?: string | undefined
  /** Whether `down` brought it back on these rows, and not on all. */
  readonly acquitted?: boolean | undefined
  /** Whether the rows hold magnitudes that hardly any real row has. */
  readonly extreme?: boolean | undefined
  /** Settings of the sessions in which `up` and `down` run. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Statements of clients that show it, where it takes some. */
  readonly sequence?: ShownSequence | undefined
  /** What a client does while `up` runs. */
  readonly interleaving?: Omit<ShownInterleaving, 'rowsSql'> | undefined
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
  const { finding, sequence, interleaving } = input
  const texts = [...input.legacySql, input.rowsSql, input.writtenSql ?? ''].join('\n')
  const rows = freeLabel(texts, 'legacy rows')
  const written = input.writtenSql === undefined ? undefined : freeLabel(texts, 'written rows')
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
      ...(written === undefined ? {} : { written }),
      ...(input.digest === undefined ? {} : { digest: input.digest }),
      ...(input.way === undefined ? {} : { way: input.way }),
      ...(input.sqlstate === undefined ? {} : { sqlstate: input.sqlstate }),
      ...(input.acquitted === true ? { acquitted: true } : {}),
      ...(input.extreme === true ? { extreme: true } : {}),
      ...(input.settings === undefined ? {} : { settings: input.settings }),
    }),
    // Like all SQL here, as it was sent.
    ...(sequence === undefined ? {} : { sequence }),
    ...(interleaving === undefined ? {} : { interleaving: withoutRows(interleaving) }),
  }
  const phases = counterexamplePhases(input, sequence).map((phase) =>
    section(phase, phase.written ? written : phase.name === 'rows' ? rows : undefined),
  )
  return `${[header(input), metaPrefix + oneLine(JSON.stringify(meta)), guard, ...phases].join('\n\n')}\n`
}

/** They stand in the file. */
function withoutRows({ write, open, statements }: ShownInterleaving): CounterexampleMeta['interleaving'] {
  return { write, open, statements }
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

/** @param label  Of the lines around what a replay reads back, where it does. */
function section({ title: name, sql, asClient }: CounterexamplePhase, label: string | undefined): string {
  if (label !== undefined) {
    const { begin, end } = rowMarkers(label)
    return `${title(name)}\n${freshConnection}\n${begin}\n${sql.join('\n')}\n${end}\n;`
  }
  const settings = asClient ? ['\\set ON_ERROR_ROLLBACK on', '\\set QUIET off'] : []
  const after = asClient ? ['\\set ON_ERROR_ROLLBACK off', '\\set QUIET on'] : []
  const body = sql.length === 0 ? ['-- nothing'] : [freshConnection, ...settings, ...sql.map(terminated), ...after]
  return [title(name), ...body].join('\n')
}

function title(name: string): string {
  return `\\echo\n\\echo '-- ${name}'\n-- ${name}`
}

/** The name itself, unless the text has a line that would be taken for the marker. */
function freeLabel(text: string, name: string): string {
  const lines = new Set(text.split('\n'))
  for (let number = 1; ; number += 1) {
    const label = number === 1 ? name : `${name} ${number}`
    const { begin, end } = rowMarkers(label)
    if (!lines.has(begin) && !lines.has(end)) return label
  }
}
