import fc from 'fast-check'
import { type Cluster, type Session, StatementError } from 'godwit'
import { type CatalogObjects, canonicalExpressions, diffObjects, readObjects } from '../../harness/catalog/index.ts'
import { type MovedTable, movedRoles } from './moved-table.ts'

/** One statement through the old name. */
interface Statement {
  readonly sql: string
  /** Who sends it; undefined for the owner. */
  readonly role: string | undefined
}

/**
 * Send the same statements to a table and to what stands under its name after `up`, and go back with `down`. It shares nothing with the
 * engine that judged `up` but the reader of catalogs.
 *
 * @returns The first differences, as sentences; none where both answered alike.
 */
export async function differencesOf(
  cluster: Cluster,
  table: MovedTable,
  scripts: { readonly up: string; readonly down: string },
  seed: number,
): Promise<readonly string[]> {
  await using left = await opened(cluster, table)
  await using right = await opened(cluster, table)
  const before = await readObjects(right.session)
  const [first, second] = fc.sample(
    fc.tuple(
      fc.array(statementOn(table), { minLength: 12, maxLength: 12 }),
      fc.array(statementOn(table), { minLength: 25, maxLength: 25 }),
    ),
    { seed, numRuns: 1 },
  )[0] ?? [[], []]
  const differences: string[] = []
  const both = async (statements: readonly Statement[]) => {
    for (const statement of statements) {
      const [old, now] = [await answer(left.session, statement), await answer(right.session, statement)]
      if (old !== now && !(table.triggers && bothViolate(old, now)) && !bothRefuse(old, now))
        differences.push(`${statement.role ?? 'owner'}: ${statement.sql}\n  table: ${old}\n  view: ${now}`)
    }
    const [old, now] = [await contents(left.session), await contents(right.session)]
    if (old !== now) differences.push(`contents\n  table: ${old}\n  view: ${now}`)
  }
  await both(first)
  await right.session.script(`SET ROLE ${cluster.owner}; BEGIN; ${scripts.up}; COMMIT; RESET ROLE`)
  await both(second)
  await right.session.script(`SET ROLE ${cluster.owner}; BEGIN; ${scripts.down}; COMMIT; RESET ROLE`)
  await both([])
  const after = await readObjects(right.session)
  const same = await parsedAlike(right.session, before, after)
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => propertiesOf(before.get(key)) !== propertiesOf(after.get(key)) && !same.has(key),
  )
  if (changed.length > 0) differences.push(`objects that down does not restore: ${changed.join(', ')}`)
  return differences
}

/** Objects that differ only in expressions which the server parses into the same: a check `IN (…)` on a varchar, made again as it is printed. */
async function parsedAlike(session: Session, before: CatalogObjects, after: CatalogObjects): Promise<ReadonlySet<string>> {
  const all = diffObjects(before, after)
  const keys = (differences: typeof all) => new Set(differences.map(({ kind, path }) => `${kind} ${path}`))
  const real = keys(await canonicalExpressions(session, all, before, after))
  return new Set([...keys(all)].filter((key) => !real.has(key)))
}

/** Columns come back at the end, which PostgreSQL cannot help. */
function propertiesOf(object: { readonly properties: Readonly<Record<string, string>> } | undefined): string {
  const { position: _, ...rest } = object?.properties ?? {}
  return object === undefined ? 'none' : JSON.stringify(Object.entries(rest).sort())
}

/** A role without the right that writes what the type does not take: PostgreSQL looks at the rights on a view before it plans the statement. */
function bothRefuse(table: string, view: string): boolean {
  return table.startsWith('error 22') && view === 'error 42501'
}

/** One of several violated constraints is named: row by row another one is met first. */
function bothViolate(one: string, other: string): boolean {
  return one.startsWith('error 23') && other.startsWith('error 23')
}

async function opened(cluster: Cluster, table: MovedTable) {
  const database = await cluster.createDatabase()
  const session = await database.connect()
  await session.script(
    movedRoles.map((role) => `DO $$ BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$`).join(';'),
  )
  await session.script(`SET timezone = 'UTC'; SET ROLE ${cluster.owner}; ${table.legacy}; RESET ROLE`)
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.drop()
    },
  }
}

async function answer(session: Session, { sql, role }: Statement): Promise<string> {
  try {
    await session.script(`SET ROLE ${role ?? 'NONE'}`)
    const [result] = await session.script(sql)
    return `${result?.command} ${result?.rowCount} ${(result?.rows ?? [])
      .map((row) => JSON.stringify(row))
      .sort()
      .join(' ')}`
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return `error ${error.sqlstate}`
  } finally {
    await session.script('RESET ROLE')
  }
}

/** As jsonb, whose keys have an order of their own: columns that come back stand at the end. */
async function contents(session: Session): Promise<string> {
  const [result] = await session.script(
    "SELECT (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.id), '[]')::text FROM (SELECT * FROM things) AS t)",
  )
  return JSON.stringify(result?.rows)
}

function statementOn({ columns, roles }: MovedTable): fc.Arbitrary<Statement> {
  const writable = columns.filter((each) => each.generated !== true)
  // One value that is refused at most: of two violations either may be named.
  const cells = fc.record({
    chosen: fc.subarray([...writable], { minLength: 0 }),
    wrong: fc.option(fc.constantFrom(...writable), { freq: 3 }),
    draws: fc.infiniteStream(fc.nat()),
  })
  const cellOf = (from: readonly (string | null)[], draw: number) => {
    const value = from[draw % Math.max(1, from.length)]
    return value === undefined ? 'DEFAULT' : value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
  }
  const next = (draws: fc.Stream<number>) => Number(draws.next().value)
  const pairs = cells.map(({ chosen, wrong, draws }) =>
    chosen.map(
      (each) => [`"${each.name}"`, cellOf(each === wrong && each.refuses.length > 0 ? each.refuses : each.takes, next(draws))] as const,
    ),
  )
  const where = fc.constantFrom(
    'WHERE id = 1',
    'WHERE id = 2',
    'WHERE id = 3',
    'WHERE id > 1',
    '',
    ...columns.slice(1, 3).map(({ name }) => `WHERE "${name}" IS NULL`),
  )
  const list = columns.map(({ name }) => `"${name}"`).join(', ')
  const insert = pairs.map((each) =>
    each.length === 0
      ? 'INSERT INTO things DEFAULT VALUES'
      : `INSERT INTO things (${each.map(([name]) => name).join(', ')}) VALUES (${each.map(([, value]) => value).join(', ')})`,
  )
  const update = fc.tuple(pairs, where).map(([each, condition]) => {
    const sets = each.filter(([name]) => name !== '"id"').map(([name, value]) => `${name} = ${value}`)
    return sets.length === 0 ? `SELECT ${list} FROM things ${condition}` : `UPDATE things SET ${sets.join(', ')} ${condition}`
  })
  const sql = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(insert, fc.boolean()).map(([text, returning]) => `${text}${returning ? ' RETURNING *' : ''}`) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(update, fc.boolean())
        .map(([text, returning]) => (returning && text.startsWith('UPDATE') ? `${text} RETURNING *` : text)),
    },
    { weight: 1, arbitrary: where.map((condition) => `DELETE FROM things ${condition} RETURNING *`) },
    { weight: 2, arbitrary: where.map((condition) => `SELECT * FROM things ${condition}`) },
    { weight: 1, arbitrary: fc.constantFrom(...columns).map(({ name }) => `SELECT "${name}" FROM things`) },
  )
  return fc.record({ sql, role: fc.option(fc.constantFrom(...roles), { freq: 2 }).map((role) => role ?? undefined) })
}
