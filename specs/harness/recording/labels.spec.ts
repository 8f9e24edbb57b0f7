import { readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import type { Database, Session } from '../../../harness/postgres/index.ts'
import { inGate } from '../../in-gate.ts'
import { openProject, type Project, projectNames, reasonToSkip, runTool } from './projects.ts'

/** What the server says of an error, by its SQLSTATE: not every tool prints that. */
const messages: Readonly<Record<string, RegExp>> = {
  '22001': /value too long for type/,
  '22003': /out of range/,
  '22007': /invalid input syntax for type date/,
  '22P02': /invalid input (syntax|value)/,
  '23502': /contains null values/,
  '23503': /violates foreign key constraint/,
  '23505': /could not create unique index/,
  '23514': /is violated by some row/,
}

/** Neither an error nor a difference after `up`, `down` shows these: rows in another order, a failure in the middle, references between tables. */
const shownOtherwise: ReadonlySet<string> = new Set(['determinism/row-order', 'atomicity/partial', 'no-orphans/orphan'])

/** A copy of a project that has only its first steps. */
async function withSteps(project: Project, work: (only: (steps: number) => Promise<Project>) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-spec-'))
  try {
    await symlink(resolve('node_modules'), join(directory, 'node_modules'))
    await work(async (steps) => {
      await cp(project.directory, directory, { recursive: true })
      const place = join(directory, project.steps)
      if (project.steps.endsWith('.plan')) {
        const [head, changes] = (await readFile(place, 'utf8')).split('\n\n') as [string, string]
        await writeFile(place, `${head}\n\n${changes.split('\n').slice(0, steps).join('\n')}\n`)
      } else {
        const files = (await readdir(place)).filter((file) => !file.startsWith('__')).toSorted()
        for (const file of files.slice(steps)) await rm(join(place, file))
      }
      return { ...project, directory, expected: Object.fromEntries(Object.entries(project.expected).slice(0, steps)) }
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Insert `rows.json` as far as the schema of now takes it: what later steps forbid is left out. Returns the number of rows. */
async function fill(session: Session, { directory }: Project): Promise<number> {
  const tables = JSON.parse(readFileSync(join(directory, 'rows.json'), 'utf8')) as Record<string, Record<string, unknown>[]>
  let inserted = 0
  for (const [table, rows] of Object.entries(tables)) {
    const columns = await session.query<{ name: string; type: string; required: boolean }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AND NOT atthasdef AND attidentity = '' AS required
       FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [`"${table}"`],
    )
    for (const row of rows) {
      const cells: [string, string][] = []
      for (const { name, type, required } of columns) {
        const value = row[name] === undefined && required ? (/text|char/.test(type) ? `x${row.id}` : (row.id ?? 1)) : row[name]
        if (value === undefined || value === null) continue
        const cast = await session
          .query<{ text: string }>(`SELECT quote_literal($1::text::${type}) AS text`, [String(value)])
          .catch(() => [])
        if (cast[0] !== undefined) cells.push([`"${name}"`, cast[0].text])
      }
      const list = (at: 0 | 1) => cells.map((cell) => cell[at]).join(', ')
      const insert = session.query(`INSERT INTO "${table}" (${list(0)}) VALUES (${list(1)})`)
      inserted += await insert.then(
        () => 1,
        () => 0,
      )
    }
  }
  return inserted
}

/** Every row of every table but the tool's own, without the order of rows or columns. */
async function readRows(session: Session, { own }: Project): Promise<unknown> {
  const tables = await session.query<{ name: string }>(
    "SELECT relname::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
  )
  const rows: Record<string, unknown> = {}
  for (const { name } of tables.filter((table) => !own.includes(table.name)))
    rows[name] = await session.query(`SELECT to_jsonb(t)::text AS row FROM "${name}" AS t ORDER BY 1`)
  return rows
}

/** Columns, constraints, indexes, enums and views. */
async function readSchema(session: Session, { own }: Project): Promise<unknown> {
  return session.query(
    `SELECT * FROM (
    SELECT attrelid::regclass::text AS object, attname::text AS name,
      concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)) AS definition
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT enumtypid::regtype::text, enumlabel, '' FROM pg_enum
    UNION ALL SELECT viewname, 'view', definition FROM pg_views WHERE schemaname = 'public'
    ) AS part WHERE trim('"' FROM object) <> ALL ($1) ORDER BY 1, 2, 3`,
    [own],
  )
}

/** What the real tool does with a step on the rows of `rows.json`: `applies/…`, `…/fails`, `…/data`, `…/schema`. */
async function observe(project: Project, at: number, database: Database): Promise<readonly string[]> {
  const seen: string[] = []
  await withSteps(project, async (only) => {
    if (at > 0) await runTool(await only(at), 'upAll', database)
    await using session = await database.connect({ as: 'owner' })
    const inserted = at < 2 ? 1 : await fill(session, project)
    expect(inserted).toBeGreaterThan(0)
    const before = { rows: await readRows(session, project), schema: await readSchema(session, project) }
    const one = await only(at + 1)
    const failure = await runTool(one, 'upAll', database).then(
      () => undefined,
      (error: Error) => error.message,
    )
    if (failure !== undefined) {
      seen.push(...Object.keys(messages).flatMap((sqlstate) => (messages[sqlstate]?.test(failure) ? [`applies/${sqlstate}`] : [])))
      if (seen.length === 0) throw new Error(failure)
      return
    }
    const reverted = await runTool(one, at === 0 ? 'downAll' : 'downOne', database).then(
      () => true,
      () => false,
    )
    if (!reverted) seen.push('rollback-restores-state/fails')
    else {
      if (JSON.stringify(await readRows(session, project)) !== JSON.stringify(before.rows)) seen.push('rollback-restores-state/data')
      if (JSON.stringify(await readSchema(session, project)) !== JSON.stringify(before.schema)) seen.push('rollback-restores-state/schema')
    }
  })
  return seen
}

describe('the labels of a project', () => {
  const cases = projectNames().flatMap((name) =>
    Object.entries(openProject(name).expected).map(([step, expected], at) => ({ name, step, at, expected })),
  )

  test.for(inGate(cases, 3))('are what the real tool does on rows: $name, $step', async ({ name, at, expected }, { skip }) => {
    const project = openProject(name)
    const missing = await reasonToSkip(project)
    skip(missing !== undefined, missing)
    await using database = await (await useCluster()).createDatabase()
    const seen = await observe(project, at, database)
    const wanted = expected.finds.filter((kind) => !shownOtherwise.has(kind))
    if (wanted.length === 0) expect(seen).toEqual([])
    for (const kind of wanted) {
      // A loss that down does not bring back is a difference of rows; doubled rows do not fit the key that they had.
      const shown =
        kind === 'zero-loss/row-doubled' ? 'rollback-restores-state/fails' : kind.replace(/^zero-loss\/.*/, 'rollback-restores-state/data')
      expect(seen, kind).toContain(shown)
    }
  })
})
