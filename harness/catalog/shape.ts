import type { Session } from '../postgres/index.ts'
import { firstUserOid } from './catalog-queries.ts'

const hash = (...parts: readonly string[]) =>
  `pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws('|', ${parts.join(', ')}), 0))`

/** Nothing is deparsed here: names, flags and the stored texts of functions only. */
const query = `SELECT pg_catalog.concat_ws('.',
  (SELECT ${hash('n.nspname', 'c.relname', 'c.relkind', 'c.relpersistence', 'c.relrowsecurity', 'c.relispopulated', 'c.relhasrules', 'c.relowner', 'c.relacl')} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= ${firstUserOid} AND c.relnamespace <> 99),
  (SELECT ${hash('c.relname', 'a.attname', 'a.attnum', `CASE WHEN a.atttypid < ${firstUserOid} THEN a.atttypid::text ELSE (SELECT t.typname::text FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid) END`, 'a.atttypmod', 'a.attnotnull', 'a.atthasdef', 'a.attidentity', 'a.attgenerated', 'a.attacl')}
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE a.attrelid >= ${firstUserOid} AND c.relnamespace <> 99 AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT ${hash('conname', 'contype', 'convalidated', 'condeferrable', 'conkey')} FROM pg_catalog.pg_constraint WHERE oid >= ${firstUserOid}),
  (SELECT ${hash('c.relname', 'i.indisunique', 'i.indisvalid', 'i.indkey')} FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid >= ${firstUserOid} AND c.relnamespace <> 99),
  (SELECT ${hash('tgname', 'tgenabled')} FROM pg_catalog.pg_trigger WHERE tgrelid >= ${firstUserOid} AND NOT tgisinternal),
  (SELECT ${hash('proname', 'prosrc', 'proacl')} FROM pg_catalog.pg_proc WHERE oid >= ${firstUserOid}),
  (SELECT ${hash('enumlabel', 'enumsortorder')} FROM pg_catalog.pg_enum),
  (SELECT ${hash('polname', 'polcmd')} FROM pg_catalog.pg_policy),
  (SELECT ${hash('objsubid', 'description')} FROM pg_catalog.pg_description WHERE objoid >= ${firstUserOid})) AS shape`

/**
 * A text by which two runs of one migration can be told to have ended in the same schema, at a tenth of the cost of `catalogFingerprint`.
 *
 * Expressions are not looked at: a run that ends in other expressions under the same names, because of its data, is not told apart.
 */
export async function catalogShape(session: Session): Promise<string> {
  const [result] = await session.script(query)
  return result?.rows[0]?.[0] ?? ''
}
