import { mentionsName, pathOf, type RelationName, type Session, shownName } from '../../postgres/index.ts'

/** A function, rule or expression that a statement may run. */
interface Routine {
  /** Of a function; null for a rule. */
  readonly oid: string | null
  /** As messages name it. */
  readonly name: string
  readonly bare: string
  /** The relation on which it works as a trigger, rule or default; null for one that is only called. */
  readonly relation: string | null
  readonly language: string
  readonly trusted: boolean
  /** The extension that it came with. */
  readonly extension: string | null
  readonly source: string
}

interface Reachable {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: string
}

/** What statements on some relations may set off. */
export interface Reach {
  /** Why they are not tried, in sentences; empty where they may be. */
  readonly outside: readonly string[]
  /** Whether triggers, rules or functions of the user's own run. */
  readonly programs: boolean
  /** Object ids of the relations that may be written. */
  readonly relations: ReadonlySet<string>
}

const routines = `
SELECT p.oid::text, p.oid::regprocedure::text AS name, p.proname AS bare, d.relation::text, l.lanname AS language, l.lanpltrusted AS trusted,
       e.extname AS extension, coalesce(p.prosrc, '') || ' ' || coalesce(pg_get_function_sqlbody(p.oid), '') AS source
  FROM pg_proc AS p
  JOIN pg_language AS l ON l.oid = p.prolang
  LEFT JOIN pg_depend AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid AND m.deptype = 'e'
  LEFT JOIN pg_extension AS e ON e.oid = m.refobjid
  LEFT JOIN (
    SELECT tgfoid AS function, tgrelid AS relation FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'
    UNION SELECT evtfoid, 0 FROM pg_event_trigger WHERE evtenabled <> 'D' AND (evttags IS NULL OR 'ALTER SEQUENCE' = ANY (evttags))
    UNION SELECT x.refobjid, coalesce(a.adrelid, c.conrelid, r.ev_class, y.polrelid, x.objid) FROM pg_depend AS x
      LEFT JOIN pg_attrdef AS a ON x.classid = 'pg_attrdef'::regclass AND a.oid = x.objid
      LEFT JOIN pg_constraint AS c ON x.classid = 'pg_constraint'::regclass AND c.oid = x.objid
      LEFT JOIN pg_rewrite AS r ON x.classid = 'pg_rewrite'::regclass AND r.oid = x.objid
      LEFT JOIN pg_policy AS y ON x.classid = 'pg_policy'::regclass AND y.oid = x.objid
     WHERE x.refclassid = 'pg_proc'::regclass AND x.classid <> 'pg_trigger'::regclass
  ) AS d ON d.function = p.oid
 WHERE p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
UNION ALL
SELECT NULL, format('the rule %I', r.rulename), r.rulename, r.ev_class::text, 'sql', true, NULL, pg_get_ruledef(r.oid)
  FROM pg_rewrite AS r WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'D' AND r.ev_class >= 16384`

const relations = `
SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`

/** From a view to what it reads and writes; from a table to those that a foreign key changes with it, and to its partitions. */
const edges = `
SELECT r.ev_class::text AS "from", d.refobjid::text AS "to" FROM pg_rewrite AS r
  JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
UNION SELECT confrelid::text, conrelid::text FROM pg_constraint WHERE contype = 'f' AND (confupdtype NOT IN ('a', 'r') OR confdeltype NOT IN ('a', 'r'))
UNION SELECT inhparent::text, inhrelid::text FROM pg_inherits`

/** Extensions whose functions reach other servers, files or processes. */
const outsideExtensions =
  /^(dblink|pg_net|http|postgres_fdw|file_fdw|pg_background|pg_cron|adminpack|plsh|pgagent|lo|pgmq|wrappers|aws_.*)$/

/** Stands for the relation of event triggers: sequences get storage of their own by ALTER SEQUENCE, which sets them off. */
const eventTriggers = '0'
const notifies = 'it sends a notification'

/** What a rollback does not take back, or what another session sees at once. */
const outsideCalls: readonly (readonly [call: RegExp, what: string])[] = [
  [/\bdblink\w*\s*\(/i, 'it calls dblink'],
  [/\bnet\s*\.\s*http_\w+/i, 'it calls pg_net'],
  [/\bhttp(_\w+)?\s*\(/i, 'it calls the extension http'],
  [/\bpg_notify\s*\(|\bnotify\b/i, notifies],
  [/\bcopy\b[^;]*\b(program\b|(to|from)\s+')/i, 'it reads or writes files by COPY'],
  [/\b(lo_(import|export)|pg_(read|stat|ls|file|write)_\w*file\w*|pg_file_\w+|pg_ls_\w+)\s*\(/i, 'it reads or writes files'],
  [/\bpg_(try_)?advisory_(lock|unlock)\w*\s*\(/i, 'it takes advisory locks that outlive a rollback'],
  [/\bsetval\s*\(/i, 'it sets a sequence'],
  [
    /\bpg_(terminate_backend|cancel_backend|reload_conf|rotate_logfile|background_\w+|logical_emit_message)\s*\(/i,
    'it reaches other sessions or the server',
  ],
  [/\bexecute\b(?!\s+(function|procedure|on\b|privilege))/i, 'it runs SQL that it puts together itself'],
]

/**
 * Everything that statements on these relations may set off: triggers, rules, defaults, what they call, and the tables that these name.
 *
 * @param start  Object ids.
 */
export async function reachOf(session: Session, start: readonly string[]): Promise<Reach> {
  const all = { routines: await session.query<Routine>(routines), relations: await session.query<Reachable>(relations) }
  const known = await session.query<{ from: string; to: string }>(edges)
  const reached = new Set<string>([...start, eventTriggers])
  const called = new Set<Routine>()
  for (let before = -1; before !== reached.size + called.size; ) {
    before = reached.size + called.size
    for (const { from, to } of known) if (reached.has(from)) reached.add(to)
    for (const routine of all.routines) if (routine.relation !== null && reached.has(routine.relation)) called.add(routine)
    for (const { source } of [...called]) {
      for (const routine of all.routines) if (routine.oid !== null && mentionsName(source, routine.bare)) called.add(routine)
      for (const relation of all.relations) if (mentionsName(source, relation.name)) reached.add(relation.oid)
    }
  }
  const foreign = all.relations.filter(({ oid, kind }) => kind === 'f' && reached.has(oid))
  return {
    outside: [
      ...foreign.map((relation: RelationName) => `${shownName(pathOf(relation))} is a foreign table: it is on another server`),
      ...new Set([...called].flatMap(outsideOf)),
    ],
    programs: [...called].some(({ extension, relation }) => extension === null && relation !== eventTriggers),
    relations: reached,
  }
}

function outsideOf({ name, language, trusted, extension, source, relation }: Routine): readonly string[] {
  if (extension !== null) return outsideExtensions.test(extension) ? [`${name} belongs to the extension ${extension}`] : []
  if (!trusted && language !== 'sql' && language !== 'internal') return [`${name} is written in the untrusted language ${language}`]
  // An event trigger that tells a server of the API of changes (PostgREST) is on many databases; after a rollback nobody hears it.
  const calls = relation === eventTriggers ? outsideCalls.filter(([, what]) => what !== notifies) : outsideCalls
  return calls.flatMap(([call, what]) => (call.test(source) ? [`${name}: ${what}`] : []))
}
