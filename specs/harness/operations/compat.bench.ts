import type { Session } from 'godwit'
import { startCluster } from 'godwit'
import { generateOn, readTarget } from '../../../harness/operations/compat/generate.ts'
import { parseMapping } from '../../../harness/operations/compat/read-mapping.ts'
import { type Budget, type Figure, measure, ratios, roundsOr } from '../bench-support.ts'
import { writtenFiles } from '../history/written-history.ts'
import { Rounds } from '../snapshot/rounds.ts'

// One table three times: bare, behind the view of a rename, and behind the view of a split, which INSTEAD OF triggers write. Statements come
// from a loop on the server, parsed and planned each time: no round trip hides what a view costs.
const rows = Number(process.env.GODWIT_BENCH_ROWS ?? 100_000)

const table = (schema: string) => `
  CREATE SCHEMA ${schema};
  CREATE TABLE ${schema}.people (
    id bigserial PRIMARY KEY,
    full_name text NOT NULL CHECK (full_name ~ '^[^ ]+ [^ ]+$'),
    email text DEFAULT 'none@example.org',
    points integer NOT NULL DEFAULT 0
  );
  CREATE INDEX people_name ON ${schema}.people (lower(full_name));`

const mapping = `
name: bench
tables:
  renamed.people: { to: renamed.persons, columns: { email: mail } }
  divided.people:
    to: divided.persons
    conversions:
      - old: { full_name: first || ' ' || last }
        new:
          first: { type: text, notNull: true, value: "split_part(full_name, ' ', 1)" }
          last: { type: text, notNull: true, value: "split_part(full_name, ' ', 2)" }`

const key = `' || (i * 7919 % ${rows} + 1) || '`

interface Question {
  readonly what: string
  readonly times: number
  readonly sql: (name: string) => string
  readonly renamed?: Budget
  readonly divided?: Budget
}

const questions: readonly Question[] = [
  { what: 'read by key', times: 2000, sql: (name) => `SELECT * FROM ${name} WHERE id = ${key}` },
  {
    what: 'read by the index over the split column',
    times: 1000,
    sql: (name) => `SELECT * FROM ${name} WHERE lower(full_name) = ''first${key} last''`,
  },
  {
    what: 'total of all rows',
    times: 3,
    sql: (name) => `SELECT sum(points) FROM ${name}`,
    renamed: { most: 1.05 },
    divided: { most: 1.05 },
  },
  {
    what: 'insert',
    times: 1000,
    sql: (name) => `INSERT INTO ${name} (full_name) VALUES (''a b'') RETURNING id`,
    renamed: { most: 1.1 },
    divided: { most: 3 },
  },
  {
    what: 'update by key',
    times: 1000,
    sql: (name) => `UPDATE ${name} SET points = points + 1 WHERE id = ${key}`,
    renamed: { most: 1.1 },
    divided: { most: 3 },
  },
  {
    what: 'delete by key',
    times: 1000,
    sql: (name) => `DELETE FROM ${name} WHERE id = ${key}`,
    renamed: { most: 1.1 },
    divided: { most: 3 },
  },
]

measure(`Each statement through generated views, to the bare table, at ${rows} rows`, async () => {
  await using cluster = await startCluster({ kind: 'embedded' })
  await using database = await cluster.createDatabase()
  await using session = await database.connect()
  await using folder = await writtenFiles({ 'legacy.sql': `${table('renamed')} ${table('divided')}` })
  const options = { runs: 4 }
  const request = { path: folder.path, options, hooks: {}, now: new Date(0), dryRun: true }
  const { files, verdict } = await generateOn(
    cluster,
    await readTarget(folder.path, options),
    parseMapping(mapping, 'mapping.yaml'),
    request,
  )
  if (verdict !== 'holds') throw new Error(`what is measured is ${verdict}`)
  await fill(session, files.find(({ file }) => file.endsWith('up.sql'))?.text ?? '')
  const figures: Figure[] = []
  for (const { what, times, sql, renamed, divided } of questions) {
    const send = (schema: string) => () => inLoop(session, sql(`${schema}.people`), times)
    const rounds = new Rounds({ bare: send('bare'), renamed: send('renamed'), divided: send('divided'), again: send('bare') })
    for (let round = 0; round < roundsOr(9) + 1; round += 1) await rounds.round()
    // The first round warms the caches.
    const warm = (contender: 'bare' | 'renamed' | 'divided' | 'again') => rounds.times(contender).slice(1)
    const control = ratios(warm('again'), warm('bare'))
    figures.push({ what: `${what}, table`, values: warm('bare').map((each) => each / times), unit: ' ms' })
    figures.push({
      what: `${what}, renamed`,
      values: ratios(warm('renamed'), warm('bare')),
      control,
      unit: ' ×',
      ...(renamed === undefined ? {} : { budget: renamed }),
    })
    figures.push({
      what: `${what}, split`,
      values: ratios(warm('divided'), warm('bare')),
      control,
      unit: ' ×',
      ...(divided === undefined ? {} : { budget: divided }),
    })
  }
  return figures
})

/** One message; what it writes is undone. */
async function inLoop(session: Session, sql: string, times: number): Promise<void> {
  await session.script(`BEGIN; DO $$ BEGIN FOR i IN 1..${times} LOOP EXECUTE '${sql}'; END LOOP; END $$; ROLLBACK`)
}

async function fill(session: Session, up: string): Promise<void> {
  for (const schema of ['bare', 'renamed', 'divided']) {
    await session.script(table(schema))
    await session.script(
      `INSERT INTO ${schema}.people (full_name, points) SELECT 'first' || n || ' last', n % 100 FROM generate_series(1, ${rows}) AS n`,
    )
  }
  await session.script(`BEGIN; ${up}; COMMIT`)
  for (const name of ['bare.people', 'renamed.persons', 'divided.persons']) await session.query(`VACUUM ANALYZE ${name}`)
}
