import { SourceMap } from '../../migration/index.ts'
import { type OpenedDatabase, openDatabase, quoteName, type RelationName, type Session } from '../../postgres/index.ts'
import { cancelOnAbort } from '../ready/ask.ts'
import { withRefusals } from '../ready/refusal.ts'
import type { DatabaseUse, Use } from './model.ts'
import { findInSql } from './sql/find-in-sql.ts'
import { type RenamedTable, schemaOf } from './table-name.ts'
import { wholeView } from './view.ts'

export interface DatabaseUses {
  /** Host, port and name. */
  readonly place: string
  readonly uses: readonly DatabaseUse[]
}

/** An object whose text names the table, or that depends on it. */
interface NamingObject {
  readonly object: string
  /** What is searched, as SQL; a line of it is told. */
  readonly sql: string
  /** Lines before the text as its owner knows it. */
  readonly follows: boolean
}

const functions = `
SELECT format('%s %s', CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, p.oid::regprocedure) AS object,
       pg_get_functiondef(p.oid) AS sql, p.prosqlbody IS NOT NULL AS follows
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE p.prokind IN ('f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND position(lower($1) IN lower(pg_get_functiondef(p.oid))) > 0
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
 ORDER BY 1`

const views = `
SELECT DISTINCT format('%s %s', CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, c.oid::regclass) AS object,
       pg_get_viewdef(c.oid) AS sql, true AS follows
  FROM pg_depend AS d JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  JOIN pg_class AS c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
 WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass($1) AND c.oid <> d.refobjid ORDER BY 1`

const policies = `
SELECT DISTINCT format('policy %I on %s', y.polname, y.polrelid::regclass) AS object, '' AS sql, true AS follows
  FROM pg_depend AS d JOIN pg_policy AS y ON d.classid = 'pg_policy'::regclass AND y.oid = d.objid
 WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass($1) ORDER BY 1`

const publications = `
SELECT format('publication %I', p.pubname) AS object, '' AS sql, true AS follows
  FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid WHERE r.prrelid = to_regclass($1) ORDER BY 1`

const jobs = `SELECT 'cron job ' || coalesce(jobname, jobid::text) AS object, command AS sql, false AS follows FROM cron.job ORDER BY 1`

/**
 * Objects of a database that name the table. PostgreSQL itself keeps views, policies, publications and bodies of BEGIN ATOMIC with a renamed
 * table; it does not look into other bodies, or into commands of cron.
 *
 * @throws {EnvironmentError} where the server does not answer.
 */
export async function databaseUses(url: string, table: RenamedTable, signal: AbortSignal): Promise<DatabaseUses> {
  const database = await openDatabase(url)
  await using session = await database.connect({ writes: false })
  using _ = cancelOnAbort(database, session, signal)
  return await withRefusals(`the objects of ${database.place} cannot be read`, () => usesIn(database, session, table))
}

async function usesIn(database: OpenedDatabase, session: Session, table: RenamedTable): Promise<DatabaseUses> {
  return { place: database.place, uses: await usesOf(session, table) }
}

/** The same in a session that is open, of a table or a view by its name. */
export async function databaseUsesIn(session: Session, relation: RelationName): Promise<readonly DatabaseUse[]> {
  // Any other name finds the same uses; this one is in no database.
  return await usesOf(session, { from: relation, to: { schema: relation.schema, name: `${relation.name}_\u{F8FF}` } })
}

async function usesOf(session: Session, table: RenamedTable): Promise<readonly DatabaseUse[]> {
  const name = quoteName({ schema: schemaOf(table.from), name: table.from.name })
  const { cron } = await session.one<{ cron: boolean }>(`SELECT to_regclass('cron.job') IS NOT NULL AS cron`)
  const naming = [
    ...(await session.query<NamingObject>(functions, [table.from.name])),
    ...(await session.query<NamingObject>(views, [name])),
    ...(await session.query<NamingObject>(policies, [name])),
    ...(await session.query<NamingObject>(publications, [name])),
    ...(cron ? await session.query<NamingObject>(jobs) : []),
  ]
  return naming.flatMap((each) => placesIn(each, table))
}

function placesIn({ object, sql, follows }: NamingObject, table: RenamedTable): readonly DatabaseUse[] {
  if (sql === '') return [{ object, place: 'as a whole', follows }]
  const map = new SourceMap(sql)
  const lines = new Map<number, Use>()
  findInSql({ view: wholeView(sql), table, kind: 'SQL', onUse: (use) => lines.set(map.positionOf(use.start).line, use) })
  return [...lines]
    .sort(([a], [b]) => a - b)
    .map(([line, use]) => ({ object, place: `line ${line}${'because' in use ? `, perhaps: ${use.because}` : ''}`, follows }))
}
