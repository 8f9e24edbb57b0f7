import type { Asking } from '../coverage/index.ts'
import { pathOf, quoteLiteral, type Session, StatementError } from '../postgres/index.ts'
import { type Filling, fillStage } from './execute.ts'
import type { Stage } from './stage.ts'
import type { UnderTest } from './under-test.ts'

/** What one relation holds at one moment: how many rows, and for each attribute a digest of its values without their order. */
export interface Contents {
  readonly rows: number
  /** By attribute number, which a rename does not change. */
  readonly digests: ReadonlyMap<number, string>
}

/** A name that a relation has after `up`, with the numbers of its attributes. */
export interface Named {
  readonly oid: number
  readonly attributes: ReadonlyMap<string, number>
}

/** The contents of relations before each statement of `up`, and after the last. */
export interface ContentsByStatement {
  /** By OID, for each statement in its order, and one more. */
  readonly states: readonly ReadonlyMap<number, Contents>[]
  /** By `schema.name` after `up`. */
  readonly named: ReadonlyMap<string, Named>
}

const setting = 'godwit.contents'

/**
 * Run `up` on rows and look at the contents of relations before each statement and after the last: of those that it makes, and of legacy ones.
 *
 * @param relations  Paths of the legacy relations that are looked at: reading all of a large schema before each statement takes seconds.
 * @returns undefined where `up` is no SQL, fails on these rows, or cannot be asked between its statements.
 */
export async function contentsByStatement(
  subject: UnderTest,
  stage: Stage,
  filling: Filling,
  relations: ReadonlySet<string>,
): Promise<ContentsByStatement | undefined> {
  const { up } = subject.migration
  if (up.kind !== 'sql') return undefined
  const count = up.script.statements.length
  const others = [...subject.legacy.relations].flatMap(([path, { oid }]) => (relations.has(path) ? [] : [oid]))
  const states = new Map<number, ReadonlyMap<number, Contents>>()
  const asking: Asking = {
    before: new Map(
      Array.from({ length: count }, (_, at) => [at, { sql: readContents(`${setting}_${at}`, others), setting: `${setting}_${at}` }]),
    ),
    answered: (statement, answers) => states.set(statement, parseContents(answers)),
  }
  try {
    await fillStage(subject, stage, filling)
    const outcome = await stage.apply(up, { asking })
    if (outcome.outcome === 'failed' || states.size < count) return undefined
    return await stage.look(async (session) => ({
      states: [...Array.from({ length: count }, (_, at) => states.get(at) ?? new Map()), await contentsNow(session, others)],
      named: await readNames(session),
    }))
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return undefined
  }
}

async function contentsNow(session: Session, others: readonly number[]): Promise<ReadonlyMap<number, Contents>> {
  const results = await session.script(
    `${readContents(setting, others)}; SELECT pg_catalog.current_setting(${quoteLiteral(setting)}, true)`,
  )
  return parseContents(results.at(-1)?.rows[0]?.[0] ?? '{}')
}

/** What may not be read by the role that runs `up` is left out. */
function readContents(into: string, except: readonly number[]): string {
  return `DO $godwit$ DECLARE each record; one jsonb; found jsonb := '{}'; BEGIN
  FOR each IN SELECT c.oid, c.oid::regclass AS name,
      pg_catalog.string_agg(pg_catalog.format($f$, %L, pg_catalog.md5(pg_catalog.string_agg(coalesce('v' || x.%2$I::text, 'n'), ',' ORDER BY x.%2$I::text))$f$, a.attnum, a.attname), '') AS digests
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND c.oid <> ALL ('{${except.join(',')}}'::pg_catalog.oid[]) GROUP BY c.oid
  LOOP
    BEGIN
      EXECUTE pg_catalog.format('SELECT pg_catalog.jsonb_object(ARRAY[''rows'', pg_catalog.count(*)::text%s]) FROM %s x', each.digests, each.name) INTO one;
      found := found || pg_catalog.jsonb_build_object(each.oid::text, one);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  PERFORM pg_catalog.set_config(${quoteLiteral(into)}, found::text, false);
END $godwit$`
}

function parseContents(text: string): ReadonlyMap<number, Contents> {
  const read = JSON.parse(text) as Record<string, Record<string, string | null>>
  return new Map(
    Object.entries(read).map(([oid, { rows, ...digests }]) => [
      Number(oid),
      { rows: Number(rows), digests: new Map(Object.entries(digests).map(([number, digest]) => [Number(number), String(digest)])) },
    ]),
  )
}

async function readNames(session: Session): Promise<ReadonlyMap<string, Named>> {
  const [result] = await session.script(
    `SELECT pg_catalog.jsonb_build_array(n.nspname, c.relname)::text, c.oid::bigint::text, pg_catalog.jsonb_object_agg(a.attname, a.attnum)::text
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' GROUP BY 1, 2`,
  )
  return new Map(
    result?.rows.map(([name, oid, attributes]) => {
      const [schema = '', relation = ''] = JSON.parse(name ?? '[]') as string[]
      const numbers = JSON.parse(attributes ?? '{}') as Record<string, number>
      return [pathOf({ schema, name: relation }), { oid: Number(oid), attributes: new Map(Object.entries(numbers)) }]
    }),
  )
}
