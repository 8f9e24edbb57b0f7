import { execFileSync } from 'node:child_process'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDumpCopy, openUrlCopy } from '../../../harness/operations/index.ts'
import { findClientPrograms, type StartedCluster } from '../../../harness/postgres/index.ts'
import { major, openShop, type Shop, scratchFolder, skipped, startProduction, urlAs } from './production.ts'
import { type LearnedPair, learnPair, rehearseAt, rehearseOn, writePair } from './rehearsals.ts'

const { signal } = new AbortController()
const legacy = 'CREATE TABLE items (id int PRIMARY KEY, note text, price numeric);'
const rows = `INSERT INTO items SELECT n, 'note ' || n, n FROM generate_series(1, 100) AS n`
const up = 'ALTER TABLE items ADD COLUMN cents bigint;\nUPDATE items SET cents = price * 100;\nALTER TABLE items DROP COLUMN price;'

describe('a rehearsal refuses', { timeout: 60_000 }, () => {
  let production: StartedCluster
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let pair: LearnedPair
  beforeAll(async () => {
    production = await startProduction()
    scratch = await scratchFolder()
    pair = await learnPair(await writePair(join(scratch.path, 'cents'), { 'legacy.sql': legacy, 'up.sql': up }))
  }, 60_000)
  afterAll(async () => {
    await production?.stop()
    await scratch?.[Symbol.asyncDispose]()
  })

  const errorOf = async (work: Promise<unknown>) => await work.then(() => undefined).catch((error: unknown) => error)
  /** The schema and the rows, as texts. */
  const stateOf = async ({ session }: Shop) =>
    JSON.stringify(
      await session.query(
        `SELECT (SELECT json_agg(format('%s.%s', attrelid::regclass, attname) ORDER BY 1) FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0) AS columns,
           (SELECT json_agg(nspname ORDER BY 1) FROM pg_namespace) AS schemas`,
      ),
    )

  test.each([
    [
      'a copy on which the migration has run',
      `${legacy}${rows};${up}`,
      'the migration has already run on ',
      'column items.cents (bigint) is there already.',
    ],
    [
      'a copy on which a part of it has run',
      `${legacy}${rows};ALTER TABLE items ADD COLUMN cents bigint`,
      'a part of the migration has already run on ',
      'column items.cents (bigint) is there already.',
    ],
    ['another database', 'CREATE TABLE others (id int)', ' is not the database that the migration is for', 'Missing: table items, '],
    [
      'a half restored copy, whose keys are missing',
      'CREATE TABLE items (id int NOT NULL, note text, price numeric)',
      ' is half restored',
      'Missing: primary key of items (id).',
    ],
    [
      'a copy on which an earlier rehearsal was cut off',
      `${legacy}${rows};CREATE SCHEMA godwit_before`,
      ' has the schema "godwit_before" already',
      'An earlier rehearsal was cut off there',
    ],
  ])('%s', async (_, sql, message, detail) => {
    await using shop = await openShop(production, sql)
    const before = await stateOf(shop)
    const error = await errorOf(rehearseAt(pair, shop.url))
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(message), detail: expect.stringContaining(detail) })
    expect(await stateOf(shop)).toBe(before)
  })

  test('a database that somebody uses', async () => {
    await using shop = await openShop(production, legacy + rows)
    await using client = await shop.database.connect()
    await client.script(`SET application_name = 'shop'`)
    expect(await errorOf(openUrlCopy(shop.url))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(' looks like production'),
      detail: 'Seen: sessions of others in this database: postgres (shop).',
    })
    // A role that is no superuser is not told what kind of session it is.
    expect(await errorOf(openUrlCopy(shop.database.url({ as: 'owner' })))).toMatchObject({
      exitCode: 2,
      detail: 'Seen: sessions of others in this database: postgres (shop).',
    })
  })

  test('a second rehearsal on one copy, until the first has ended', async () => {
    await using shop = await openShop(production, legacy + rows)
    {
      await using _ = await openUrlCopy(shop.url)
      expect(await errorOf(openUrlCopy(shop.url))).toMatchObject({
        exitCode: 2,
        message: expect.stringContaining('another rehearsal runs on '),
      })
    }
    await using again = await openUrlCopy(shop.url)
    expect(again.kind).toBe('url')
  })

  test('a migration of which nothing was learned, and leaves the copy as it was', async () => {
    const failing = { 'legacy.sql': legacy, 'up.sql': `UPDATE items SET note = 'x' WHERE nothing = 1` }
    const unknown = await learnPair(await writePair(join(scratch.path, 'failing'), failing), 1)
    await using shop = await openShop(production, legacy + rows)
    const before = await stateOf(shop)
    expect(await errorOf(rehearseAt(unknown, shop.url))).toMatchObject({
      exitCode: 2,
      message: 'nothing can be compared, because failing fails on every generated row',
    })
    expect(await stateOf(shop)).toBe(before)
  })

  test('a role with too few rights, by name of what it lacks', async () => {
    const role = `reader_${production.address.run}`
    await using shop = await openShop(production, `${legacy}${rows};CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
    const { name } = await shop.session.one<{ name: string }>('SELECT current_database() AS name')
    const url = urlAs(shop.url, role, 'p')
    expect(await errorOf(rehearseAt(pair, url))).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('may not make a schema in '),
    })
    await shop.session.script(`GRANT CREATE ON DATABASE "${name}" TO ${role}`)
    expect(await errorOf(rehearseAt(pair, url))).toMatchObject({
      exitCode: 3,
      message: `the role "${role}" sees only a part of the database`,
      detail: 'It may not read public.items.',
    })
    await shop.session.script(`GRANT SELECT ON items TO ${role}`)
    const before = await stateOf(shop)
    expect(await errorOf(rehearseAt(pair, url))).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`the role "${role}" may not do on `),
      detail: expect.stringContaining('must be owner of table items (42501)'),
    })
    expect(await stateOf(shop)).toBe(before)
  })

  test('an interrupt ends what runs on the copy, removes the kept rows, and says how the copy is left', async () => {
    const slow = await learnPair(
      await writePair(join(scratch.path, 'slow'), {
        'legacy.sql': legacy,
        'up.sql': `${up}\nSELECT pg_sleep(600) FROM items WHERE id = 99 AND note = 'note 99';`,
      }),
      1,
    )
    await using shop = await openShop(production, legacy + rows)
    const before = await stateOf(shop)
    const interrupt = new AbortController()
    const said: string[] = []
    const ended = errorOf(rehearseAt(slow, shop.url, { signal: interrupt.signal, say: (line) => said.push(line) }))
    await expect
      .poll(async () => (await shop.session.query(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).length, { timeout: 20_000 })
      .toBe(1)
    interrupt.abort(new Error('interrupted'))
    expect(await ended).toEqual(new Error('interrupted'))
    const place = new URL(shop.url)
    expect(said.at(-1)).toBe(
      `interrupted during up: ${place.host}${place.pathname} stays as it is now; take a fresh copy for the next rehearsal`,
    )
    expect(await stateOf(shop)).toBe(before)
  })

  test('nothing for keys to other tables and indexes that a copy lacks, and says each', async () => {
    const full = `CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE items (id int PRIMARY KEY, parent int REFERENCES parents, note text, price numeric CONSTRAINT positive CHECK (price > 0));
CREATE UNIQUE INDEX items_note ON items (lower(note));`
    const own = await learnPair(
      await writePair(join(scratch.path, 'definitions'), { 'legacy.sql': full, 'up.sql': 'ALTER TABLE items ADD COLUMN cents bigint;' }),
    )
    const lacking = async (sql: string) => {
      await using shop = await openShop(production, `${full}INSERT INTO items VALUES (1, NULL, 'a', 1);${sql}`)
      const { notChecked } = await rehearseAt(own, shop.url)
      return notChecked.filter((each) => each.endsWith('Was the copy restored in part?')).map((each) => each.slice(0, each.indexOf(':')))
    }
    expect(
      await lacking('ALTER TABLE items RENAME CONSTRAINT items_parent_fkey TO other; ALTER INDEX items_note RENAME TO another;'),
    ).toEqual([])
    expect(
      await lacking(
        'ALTER TABLE items DROP CONSTRAINT items_parent_fkey; DROP INDEX items_note; ALTER TABLE items DROP CONSTRAINT positive',
      ),
    ).toEqual([
      'What the foreign key (parent) of items does',
      'What the check "positive" of items does',
      'What the unique index (lower(note)) of items does',
    ])
  })

  test('evidence in a folder that is there, before anything is changed', async () => {
    await using shop = await openShop(production, `${legacy}${rows}`)
    const before = await stateOf(shop)
    expect(await errorOf(rehearseAt(pair, shop.url, { evidence: scratch.path }))).toMatchObject({ exitCode: 2 })
    expect(await stateOf(shop)).toBe(before)
  })

  describe.skipIf(major === undefined)(`a dump${skipped}`, () => {
    const pgDump = () => findClientPrograms().find((each) => each.major >= (major ?? 0))?.dump ?? 'pg_dump'
    const dumpOf = (shop: Shop, name: string, args: readonly string[] = []) => {
      const file = join(scratch.path, name)
      execFileSync(pgDump(), [...args, `--file=${file}`, `--dbname=${shop.url}`])
      return file
    }

    test('that is not there, is none, or is a compressed one', async () => {
      const file = join(scratch.path, 'none.txt')
      writeFileSync(file, 'nothing\n')
      expect(await errorOf(openDumpCopy(join(scratch.path, 'absent'), signal))).toMatchObject({
        exitCode: 2,
        message: expect.stringContaining('cannot be read'),
      })
      expect(await errorOf(openDumpCopy(scratch.path, signal))).toMatchObject({
        exitCode: 2,
        detail: expect.stringContaining('It is a folder'),
      })
      expect(await errorOf(openDumpCopy(file, signal))).toMatchObject({
        exitCode: 2,
        message: `"${file}" is no dump in the custom or the plain format`,
      })
    })

    test('that is cut off, in the custom and in the plain format', async () => {
      await using shop = await openShop(
        production,
        `${legacy}INSERT INTO items SELECT n, md5(n::text), n FROM generate_series(1, 5000) AS n`,
      )
      const custom = dumpOf(shop, 'cut.dump', ['--format=custom'])
      truncateSync(custom, Math.floor(readFileSync(custom).length / 2))
      expect(await errorOf(openDumpCopy(custom, signal))).toMatchObject({ exitCode: 2, message: `"${custom}" cannot be restored` })
      truncateSync(custom, 200)
      expect(await errorOf(openDumpCopy(custom, signal))).toMatchObject({ exitCode: 2, message: `"${custom}" cannot be read as a dump` })
      const plain = dumpOf(shop, 'cut.sql')
      writeFileSync(plain, readFileSync(plain, 'utf8').slice(0, -400))
      expect(await errorOf(openDumpCopy(plain, signal))).toMatchObject({ exitCode: 2, message: `"${plain}" is cut off` })
    })

    test('of a newer server than any that is here', async () => {
      await using shop = await openShop(production, legacy)
      const plain = dumpOf(shop, 'newer.sql')
      writeFileSync(plain, readFileSync(plain, 'utf8').replace(/(Dumped from database version )\d+/, '$199'))
      expect(await errorOf(openDumpCopy(plain, signal))).toMatchObject({ exitCode: 3, message: expect.stringContaining('PostgreSQL 99') })
    })

    test.each([['custom'], ['plain']])(
      'in the %s format is restored with its roles, and the migration runs as the owner',
      async (format) => {
        await using shop = await openShop(production, '')
        const [owner, reader] = [`owner-${production.address.run}`, `Reader ${production.address.run}`]
        await shop.session.script(
          `DO $$ BEGIN CREATE ROLE "${owner}"; CREATE ROLE "${reader}"; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         ${legacy}${rows}; ALTER TABLE items OWNER TO "${owner}"; GRANT SELECT ON items TO "${reader}";
         CREATE POLICY own ON items TO "${reader}", "${owner}" USING (true)`,
        )
        const file = dumpOf(shop, `whole-${format}`, [`--format=${format}`])
        await using copy = await openDumpCopy(file, signal)
        expect([copy.kind, copy.role]).toEqual(['dump', owner])
        const rehearsal = await rehearseOn(pair, copy)
        expect(rehearsal).toMatchObject({ verdict: 'holds', copy: { kind: 'dump', place: file, role: owner }, up: { outcome: 'applied' } })
        expect(rehearsal.up.walBytes).toBeGreaterThan(5_000)
        expect(rehearsal.restore).toEqual({ kind: 'dump', from: file, durationMs: expect.any(Number) })
        expect(rehearsal.up.statements.map(({ temporaryBytes }) => temporaryBytes)).toEqual([0, 0, 0])
      },
    )
  })
})
