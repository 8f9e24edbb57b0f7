import { plpgsqlNodes } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { counted } from '../../report/index.ts'

const MOST_NAMED = 5

const advice = 'Set pg_stat_statements.track = all.'

/** Built in or of PostgreSQL's own extensions: they run SQL that they get as a value, or read a table whose name is one. */
const runners =
  /\b(?:(?:query|cursor|table|schema|database)_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table|dblink\w*)(?=\s*\()/gi

/**
 * Why uses could stand unseen where only what clients send is counted, in sentences.
 *
 * @param unnamed  What comes to the relation by functions that no statement names.
 * @param texts    All counted ones, by role.
 */
export async function uncounted(
  session: Session,
  unnamed: readonly string[],
  texts: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  const sent = new Set([...texts.values()].flat())
  const calls = new Set([...sent].flatMap((text) => [...text.matchAll(runners)].map(([name]) => name.toLowerCase())))
  const blocks = [...sent].filter((text) => /^\s*DO\b/i.test(text) && isDynamic(text))
  const dynamic = [...(await dynamicFunctions(session)), ...(blocks.length === 0 ? [] : [counted(blocks.length, 'DO statement')])]
  return [
    ...sentence(dynamic, 'put SQL together when they run, and it is not counted'),
    ...sentence([...calls], 'run SQL that they get as a value, and it is not counted'),
    ...sentence(unnamed, 'run a function that comes to the relation, and statements do not name it'),
  ]
}

function sentence(names: readonly string[], what: string): readonly string[] {
  if (names.length === 0) return []
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
  return [`${names.slice(0, MOST_NAMED).join(', ')}${more} ${what}. ${advice}`]
}

async function dynamicFunctions(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ shown: string; definition: string; language: string }>(
    `SELECT p.oid::regprocedure::text AS shown, pg_get_functiondef(p.oid) AS definition, l.lanname AS language FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
      WHERE l.lanname NOT IN ('c', 'internal', 'sql') AND p.prokind IN ('f', 'p') AND p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
        AND (l.lanname <> 'plpgsql' OR p.prosrc ~* 'execute') ORDER BY 1`,
  )
  return rows.flatMap(({ shown, definition, language }) => (language !== 'plpgsql' || isDynamic(definition) ? [shown] : []))
}

function isDynamic(statement: string): boolean {
  return plpgsqlNodes(statement)?.some(({ name, fields }) => /^PLpgSQL_stmt_dyn/.test(name) || fields.dynquery !== undefined) ?? true
}
