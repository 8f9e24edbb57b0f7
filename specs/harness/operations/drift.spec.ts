import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { onSchemaOfFiles, readSources } from '../../../harness/history/index.ts'
import { type DriftFound, driftOn, readLive } from '../../../harness/operations/index.ts'
import type { Session, StartedCluster } from '../../../harness/postgres/index.ts'
import { openDatabase, startCluster } from '../../../harness/postgres/index.ts'
import { catalogKinds, catalogSabotages } from '../../corpus/saboteur-catalog.ts'
import { inGate } from '../../in-gate.ts'
import { writtenFiles } from '../history/written-history.ts'

let production: StartedCluster
beforeAll(async () => {
  production = await startCluster({ kind: 'embedded' })
  await using database = await production.createDatabase()
  await using session = await database.connect()
  await session.script('CREATE ROLE app LOGIN; CREATE ROLE reader')
})
afterAll(() => production?.stop())

/** A production that a history was applied to. */
interface Production {
  readonly session: Session
  /** Steps that are no SQL: they were applied nowhere. */
  readonly unapplied: readonly string[]
  readonly ofPlatform: boolean
  readonly drift: (at?: string) => Promise<DriftFound>
}

/** Work on a production whose migrations were run by a role of another name than here; a platform gives rights to the role that it has. */
async function onProduction<Result>(paths: readonly string[], work: (live: Production) => Promise<Result>): Promise<Result> {
  const [source] = await readSources(paths, {})
  if (source === undefined) throw new Error(`nothing at ${paths}`)
  const files = await useCluster()
  const ofPlatform = source.kind === 'history' && source.history.platform !== undefined
  return onSchemaOfFiles(production, source, { at: undefined, options: {}, hooks: {} }, async ({ session, unapplied }) => {
    if (!ofPlatform) await session.script(`REASSIGN OWNED BY ${production.owner} TO app`)
    const { user, password, port } = production.address
    const opened = await openDatabase(`postgres://${user}:${password}@127.0.0.1:${port}/${session.database}`)
    const drift = async (at?: string) =>
      driftOn(files, source, { opened, database: await readLive(opened) }, { at, options: {}, hooks: {} })
    return work({ session, unapplied, ofPlatform, drift })
  })
}

const told = ({ drift }: DriftFound) =>
  drift.map(({ change, kind, path, property, step }) =>
    [change, kind, path, property, step].filter((each) => each !== undefined).join(' | '),
  )

const kinds = catalogKinds.filter((each) => each !== 'move a sequence back')
const folders = readdirSync('fixtures/histories', { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [join('fixtures/histories', entry.name)] : [],
)

describe('CV-7: a production that has all steps', { timeout: 60_000 }, () => {
  test.each(inGate(folders, 3))('%s has no drift, and the change of a saboteur is named', async (folder) => {
    await onProduction([folder], async ({ session, unapplied, ofPlatform, drift }) => {
      const found = await drift()
      expect([told(found), found.unknown]).toEqual([[], unapplied])
      const catalog = await readCatalog(session)
      const owner = ofPlatform ? production.owner : 'app'
      const at = folders.indexOf(folder)
      // A kind that this history has, another one for each.
      const spoilt = [...kinds.slice(at % kinds.length), ...kinds].flatMap((kind) =>
        catalogSabotages(kind, catalog, owner).filter((each) => !/"(auth|storage)"/.test(each)),
      )
      const sql = spoilt[0] ?? 'CREATE TABLE nobody_wrote_this_down ()'
      await session.script(`${sql}${sql.includes('DROP CONSTRAINT') ? ' CASCADE' : ''}`)
      expect([sql, told(await drift())]).toEqual([sql, expect.toSatisfy((all: readonly string[]) => all.length > 0)])
    })
  })
})

const steps: Readonly<Record<string, string>> = {
  '001_base.sql': `CREATE TYPE mood AS ENUM ('low', 'high');
    CREATE TABLE people (id serial PRIMARY KEY, name varchar(40) NOT NULL, mood mood, nick varchar(40), born date CHECK (born > '1900-01-01'));
    CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person_id int REFERENCES people ON DELETE CASCADE, body text DEFAULT 'none');
    CREATE INDEX notes_person ON notes (person_id)`,
  '002_views.sql': `CREATE VIEW adults AS SELECT id, name FROM people WHERE born < '2000-01-01';
    CREATE FUNCTION shout(t text) RETURNS text LANGUAGE sql AS $$ SELECT upper(t) $$;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON notes USING (person_id > 0);
    COMMENT ON TABLE people IS 'who we know'`,
  '003_drop.sql': 'ALTER TABLE people ADD COLUMN old text; CREATE TABLE scratch (a int)',
  '004_dropped.sql': 'ALTER TABLE people DROP COLUMN old; DROP TABLE scratch',
}

/** Each by itself, put back by what follows it. */
const changes: readonly (readonly [string, readonly string[], string])[] = [
  [
    'DROP INDEX notes_person',
    ['missing | index | public.notes (notes_person) | 001_base.sql'],
    'CREATE INDEX notes_person ON notes (person_id)',
  ],
  ['CREATE INDEX extra ON people (name)', ['added | index | public.people (extra)'], 'DROP INDEX extra'],
  ['CREATE TABLE scratch (a int)', ['added | table | public.scratch | 004_dropped.sql'], 'DROP TABLE scratch'],
  [
    'ALTER TABLE people ALTER nick TYPE varchar(60)',
    ['changed | attribute | public.people.nick | type | 001_base.sql'],
    'ALTER TABLE people ALTER nick TYPE varchar(40)',
  ],
  [
    'ALTER TABLE people ALTER name DROP NOT NULL',
    ['changed | attribute | public.people.name | notNull | 001_base.sql'],
    'ALTER TABLE people ALTER name SET NOT NULL',
  ],
  [
    `ALTER TABLE notes ALTER body SET DEFAULT 'some'`,
    ['changed | attribute | public.notes.body | default | 001_base.sql'],
    `ALTER TABLE notes ALTER body SET DEFAULT 'none'`,
  ],
  [
    `CREATE OR REPLACE VIEW adults AS SELECT id, name FROM people WHERE born < '2001-01-01'`,
    ['changed | view | public.adults | definition | 002_views.sql'],
    `CREATE OR REPLACE VIEW adults AS SELECT id, name FROM people WHERE born < '2000-01-01'`,
  ],
  [
    'CREATE OR REPLACE FUNCTION shout(t text) RETURNS text LANGUAGE sql AS $$ SELECT lower(t) $$',
    ['changed | function | public.shout(text) | body | 002_views.sql'],
    'CREATE OR REPLACE FUNCTION shout(t text) RETURNS text LANGUAGE sql AS $$ SELECT upper(t) $$',
  ],
  [
    'ALTER TABLE notes DISABLE TRIGGER touch',
    ['changed | trigger | public.notes (touch) | enabled | 002_views.sql'],
    'ALTER TABLE notes ENABLE TRIGGER touch',
  ],
  [
    'ALTER POLICY own ON notes USING (true)',
    ['changed | policy | public.notes (own) | using | 002_views.sql'],
    'ALTER POLICY own ON notes USING (person_id > 0)',
  ],
  [
    'ALTER TABLE notes DISABLE ROW LEVEL SECURITY',
    ['changed | table | public.notes | rowSecurity | 002_views.sql'],
    'ALTER TABLE notes ENABLE ROW LEVEL SECURITY',
  ],
  [
    `COMMENT ON TABLE people IS 'whom we knew'`,
    ['changed | table | public.people | comment | 002_views.sql'],
    `COMMENT ON TABLE people IS 'who we know'`,
  ],
  [
    'GRANT SELECT ON people TO reader',
    ['changed | table | public.people | privileges | 001_base.sql'],
    'REVOKE SELECT ON people FROM reader',
  ],
  ['ALTER TABLE people OWNER TO reader', ['changed | table | public.people | owner | 001_base.sql'], 'ALTER TABLE people OWNER TO app'],
  [`ALTER TYPE mood ADD VALUE 'middle' BEFORE 'high'`, ['changed | enum | public.mood | labels | 001_base.sql'], ''],
]

test('each change by hand is named, alone, with the step that should have made it', { timeout: 120_000 }, async () => {
  await using written = await writtenFiles(steps)
  await onProduction([written.path], async ({ session, drift }) => {
    await session.script('CREATE SCHEMA tool; CREATE TABLE tool.schema_migrations (version text PRIMARY KEY)')
    expect(told(await drift())).toEqual([])
    for (const [sql, expected, back] of changes) {
      await session.script(sql)
      expect.soft([sql, told(await drift())]).toEqual([sql, expected])
      await session.script(back)
    }
  })
})

test('what a step has not done yet is missing, and with --at of the step before it there is no drift', { timeout: 60_000 }, async () => {
  await using written = await writtenFiles(steps)
  await onProduction([written.path], async ({ session, drift }) => {
    await session.script(
      'ALTER TABLE people ADD COLUMN old text; CREATE TABLE scratch (a int); ALTER TABLE people OWNER TO app; ALTER TABLE scratch OWNER TO app',
    )
    expect(told(await drift())).toEqual([
      'added | attribute | public.people.old | 004_dropped.sql',
      'added | table | public.scratch | 004_dropped.sql',
    ])
    expect(told(await drift('003_drop.sql'))).toEqual([])
    await expect(drift('nowhere')).rejects.toThrow('has no step "nowhere"')
  })
})

test('how a server was set up is no drift, and what a step did to that is', { timeout: 60_000 }, async () => {
  await using written = await writtenFiles({ '001_rights.sql': 'CREATE TABLE t (a int); GRANT USAGE ON SCHEMA public TO pg_monitor' })
  await onProduction([written.path], async ({ session, drift }) => {
    await session.script('ALTER SCHEMA public OWNER TO reader')
    expect(told(await drift())).toEqual([])
    await session.script('REVOKE USAGE ON SCHEMA public FROM pg_monitor')
    expect(told(await drift())).toEqual(['changed | schema | public | privileges | 001_rights.sql'])
  })
})
