import type { Session } from '../postgres/index.ts'
import { firstUserOid } from './catalog-queries.ts'
import { scriptPinned } from './settings.ts'

const userMade = `oid >= ${firstUserOid}`

/** The OID itself of what initdb made, which has the same one always, and the name of anything else. */
const builtIn = (oid: string, type: string) => `CASE WHEN ${oid} < ${firstUserOid} THEN ${oid}::text ELSE ${oid}::${type}::text END`

/** What is made, dropped and made again by migrations: by names and texts, so that the same objects under new OIDs hash alike. */
const byName: readonly string[] = [
  // The schema of a session's temporary tables stays when the session ends, under the number of its backend.
  `SELECT nspname, nspowner, nspacl FROM pg_namespace WHERE (oid >= ${firstUserOid} AND nspname !~ '^pg_(toast_)?temp_') OR nspname = 'public'`,
  `SELECT oid::regclass, relkind, relpersistence, relam, reltablespace, reloptions, relreplident, relrowsecurity, relforcerowsecurity, relowner, relacl, pg_get_expr(relpartbound, oid),
          reloftype::regtype, relispopulated, CASE relkind WHEN 'p' THEN pg_get_partkeydef(oid) WHEN 'v' THEN pg_get_viewdef(oid) WHEN 'm' THEN pg_get_viewdef(oid) END,
          CASE WHEN reltoastrelid <> 0 THEN (SELECT t.reloptions FROM pg_class AS t WHERE t.oid = c.reltoastrelid) END
     FROM pg_class AS c WHERE ${userMade} AND relnamespace <> 99`,
  `SELECT attrelid::regclass, attname, attnum, ${builtIn('atttypid', 'regtype')}, atttypmod, ${builtIn('attcollation', 'regcollation')}, attnotnull, attidentity, attgenerated, attstorage, attcompression, attstattarget, attoptions, attfdwoptions, attacl, attinhcount, attislocal,
          CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum) END
     FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE attrelid >= ${firstUserOid} AND attnum > 0 AND NOT attisdropped AND c.relnamespace <> 99`,
  `SELECT conrelid::regclass, contypid::regtype, conname, pg_get_constraintdef(oid), conislocal, coninhcount, connoinherit FROM pg_constraint WHERE ${userMade}`,
  `SELECT pg_get_indexdef(indexrelid), indisvalid, indisready, indisclustered, indisreplident, indisprimary FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid WHERE indrelid >= ${firstUserOid} AND c.relnamespace <> 99`,
  `SELECT inhrelid::regclass, inhparent::regclass, inhseqno FROM pg_inherits WHERE inhrelid >= ${firstUserOid}`,
  `SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE tgrelid >= ${firstUserOid} AND NOT tgisinternal`,
  `SELECT oid::regprocedure, prokind, proowner, proacl, prolang, pg_get_function_arguments(oid), pg_get_function_result(oid), prosrc, pg_get_function_sqlbody(oid), probin, provolatile, proparallel, proisstrict,
          prosecdef, proleakproof, procost, prorows, proconfig, prosupport::regproc FROM pg_proc WHERE ${userMade}`,
  `SELECT oid::regtype, typtype, typowner, typacl, format_type(typbasetype, typtypmod), typnotnull, pg_get_expr(typdefaultbin, 0), typdefault, typcollation::regcollation
     FROM pg_type WHERE ${userMade} AND typrelid = 0 AND (typelem = 0 OR typarray <> 0)`,
  `SELECT enumtypid::regtype, enumlabel, rank() OVER (PARTITION BY enumtypid ORDER BY enumsortorder) FROM pg_enum`,
  `SELECT polrelid::regclass, polname, polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy`,
  `SELECT pg_get_ruledef(oid), ev_enabled FROM pg_rewrite WHERE ${userMade} AND rulename <> '_RETURN'`,
  `SELECT seqrelid::regclass, seqtypid, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
          (SELECT ROW(refobjid::regclass, (SELECT attname FROM pg_attribute WHERE attrelid = refobjid AND attnum = refobjsubid))::text FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND objid = seqrelid AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype IN ('a', 'i') LIMIT 1) FROM pg_sequence`,
  `SELECT classoid, CASE WHEN classoid = 'pg_class'::regclass THEN objoid::regclass::text ELSE pg_describe_object(classoid, objoid, objsubid) END, objsubid, description
     FROM pg_description WHERE objoid >= ${firstUserOid} OR objoid = 'public'::regnamespace`,
  `SELECT extname, extversion, extnamespace::regnamespace, extowner FROM pg_extension`,
  `SELECT datdba, datacl FROM pg_database WHERE datname = current_database()`,
  `SELECT setrole, setconfig FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  `SELECT oid, lomowner, lomacl, CASE WHEN current_setting('is_superuser') = 'on' THEN md5(lo_get(oid, 0, 67108864)) END FROM pg_largeobject_metadata`,
]

/** What is rare: whole rows, OIDs and all. Made again it hashes otherwise, which costs a full read and nothing else. */
const byRow: readonly string[] = [
  ...'pg_cast pg_operator pg_opclass pg_opfamily pg_amop pg_amproc pg_am pg_collation pg_conversion pg_language pg_transform pg_ts_config pg_ts_dict pg_ts_parser pg_ts_template'
    .split(' ')
    .map((catalog) => `SELECT t.* FROM ${catalog} AS t WHERE ${userMade}`),
  ...'pg_event_trigger pg_default_acl pg_publication pg_publication_rel pg_publication_namespace pg_statistic_ext pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_seclabel'
    .split(' ')
    .map((catalog) => `SELECT t.* FROM ${catalog} AS t`),
  `SELECT * FROM pg_user_mappings WHERE EXISTS (SELECT FROM pg_foreign_server)`,
  `SELECT * FROM pg_aggregate WHERE aggfnoid >= ${firstUserOid}`,
  `SELECT * FROM pg_range WHERE rngtypid >= ${firstUserOid}`,
  `SELECT * FROM pg_ts_config_map WHERE mapcfg >= ${firstUserOid}`,
  `SELECT oid, subname, subowner, subenabled, subbinary, substream, subtwophasestate, subdisableonerr, subslotname, subsynccommit, subpublications FROM pg_subscription`,
]

const hashed = (query: string) => `SELECT sum(hashtextextended((q.*)::text COLLATE "C", 0)) FROM (${query}) AS q`

// Each a statement of its own: planned as one union they take three times as long.
const common = [...byName.map(hashed), `SELECT ${byRow.map((query) => `EXISTS (${query})`).join(' OR ')}`]
const rare = byRow.map(hashed)

/**
 * A text that is equal only while nothing changes that `readObjects` reads (roles aside), uncommitted DDL included.
 *
 * Equal fingerprints of one database, at any two moments, mean equal objects; unequal ones mean only that a full read is due: the order
 * in which grants were made shows here and not there. One round trip, two where there is something rare (an operator, a publication, …).
 */
export async function catalogFingerprint(session: Session): Promise<string> {
  const sums = (await scriptPinned(session, common)).map((result) => result.rows[0]?.[0] ?? '')
  if (sums.at(-1) !== 't') return sums.join('.')
  return [...sums, ...(await scriptPinned(session, rare)).map((result) => result.rows[0]?.[0] ?? '')].join('.')
}
