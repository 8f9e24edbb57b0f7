import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openUrlCopy } from '../../../harness/operations/index.ts'
import { startCopyClients } from '../../../harness/operations/rehearse/clients.ts'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { major, openShop, type Shop, scratchFolder, skipped, startProduction } from './production.ts'
import { type LearnedPair, learnPair, rehearseAt, writePair } from './rehearsals.ts'

const sound = {
  'legacy.sql': `CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers, total numeric(10, 2) NOT NULL, note text);`,
  'up.sql': `ALTER TABLE orders ADD COLUMN cents bigint;
UPDATE orders SET cents = total * 100;
ALTER TABLE orders ALTER COLUMN cents SET NOT NULL, DROP COLUMN total;`,
  'down.sql': `ALTER TABLE orders ADD COLUMN total numeric(10, 2);
UPDATE orders SET total = cents / 100.0;
ALTER TABLE orders ALTER COLUMN total SET NOT NULL, DROP COLUMN cents;`,
}
const fill = `
INSERT INTO customers SELECT n, 'name ' || n FROM generate_series(1, 500) AS n;
INSERT INTO orders SELECT n, 1 + n % 500, n / 100.0, CASE WHEN n % 2 = 0 THEN 'note ' || n END FROM generate_series(1, 2000) AS n`

/** Hit by one real name in 4,096, and by no generated one. */
const rare = `md5(name) LIKE 'a0b%'`
const lossy = {
  'legacy.sql': 'CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city text);',
  'up.sql': `ALTER TABLE customers ADD COLUMN country text;\nUPDATE customers SET name = left(name, 3) WHERE ${rare};`,
  'down.sql': 'ALTER TABLE customers DROP COLUMN country;',
}
const names = `INSERT INTO customers SELECT n, 'name ' || n, 'city' FROM generate_series(1, 20000) AS n`

describe('a rehearsal on a copy by its URL', { timeout: 60_000 }, () => {
  let production: StartedCluster
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  let good: LearnedPair
  beforeAll(async () => {
    production = await startProduction()
    scratch = await scratchFolder()
    good = await learnPair(await writePair(join(scratch.path, 'cents'), sound))
  }, 120_000)
  afterAll(async () => {
    await production?.stop()
    await scratch?.[Symbol.asyncDispose]()
  })

  const open = (legacy: string, rows: string) => openShop(production, `${legacy};${rows}`)
  const schemasOf = async (shop: Shop) =>
    (await shop.session.query<{ name: string }>(`SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^godwit'`)).map(
      ({ name }) => name,
    )

  test('says whose rights a rebuilt table has lost, though no file knows of the grant; a GRANT in the migration gives them back', async () => {
    const rebuild = `ALTER TABLE orders RENAME TO orders_old; CREATE TABLE orders (id int PRIMARY KEY, total int);
INSERT INTO orders SELECT * FROM orders_old; DROP TABLE orders_old;`
    const legacy = 'CREATE TABLE orders (id int PRIMARY KEY, total int);'
    await using shop = await open(legacy, 'INSERT INTO orders SELECT n, n FROM generate_series(1, 20) AS n')
    await shop.session.script('CREATE ROLE spec_reader; GRANT SELECT ON orders TO spec_reader')
    try {
      const rehearsed = async (name: string, up: string) => {
        const files = { 'legacy.sql': legacy, 'up.sql': up }
        const { verdict, findings } = await rehearseAt(await learnPair(await writePair(join(scratch.path, name), files)), shop.url)
        return { verdict, findings: findings.map(({ kind, message }) => [kind, message]) }
      }
      expect(await rehearsed('rebuilt', rebuild)).toEqual({
        verdict: 'violated',
        findings: [['lost', 'after up spec_reader may no longer SELECT on orders']],
      })
      await shop.session.script('GRANT SELECT ON orders TO spec_reader')
      const granted = `${rebuild}\nDO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spec_reader') THEN GRANT SELECT ON orders TO spec_reader; END IF; END $$;`
      expect(await rehearsed('granted', granted)).toEqual({ verdict: 'holds', findings: [] })
      expect(await rehearsed('revoked', `ALTER TABLE orders ADD COLUMN note text;\nREVOKE ALL ON orders FROM public;`)).toEqual({
        verdict: 'holds',
        findings: [],
      })
    } finally {
      await shop.session.script('DROP OWNED BY spec_reader; DROP ROLE spec_reader')
    }
  })

  test('says which rows of a table under row security a role sees no longer, or now as well', async () => {
    const legacy = 'CREATE TABLE papers (id int PRIMARY KEY, author text NOT NULL, note text);'
    const fillPapers = `INSERT INTO papers SELECT n, CASE WHEN n % 4 = 0 THEN 'spec_author' ELSE 'other' END, 'x' FROM generate_series(1, 100) AS n;
ALTER TABLE papers ENABLE ROW LEVEL SECURITY;`
    await using shop = await open(legacy, fillPapers)
    await shop.session.script(`CREATE ROLE spec_author; GRANT SELECT ON papers TO spec_author;
CREATE POLICY own ON papers FOR SELECT USING (author = current_user)`)
    const access = async (name: string, up: string, down: string) => {
      const files = { 'legacy.sql': legacy, 'up.sql': up, 'down.sql': down }
      const {
        findings,
        notChecked,
        up: applied,
      } = await rehearseAt(await learnPair(await writePair(join(scratch.path, name), files)), shop.url)
      expect([applied.outcome, notChecked.filter((each) => each.startsWith('Rows of papers'))]).toEqual(['applied', []])
      expect(notChecked).toContainEqual(expect.stringMatching(/^Rows that roles see with settings of their own/))
      return findings
        .filter(({ invariant }) => invariant === 'access-parity')
        .map(({ kind, severity, message }) => [kind, severity, message])
    }
    try {
      const view =
        'ALTER TABLE papers RENAME TO documents;\nCREATE VIEW papers AS SELECT * FROM documents;\nGRANT SELECT ON papers TO public;'
      const noView = 'DROP VIEW papers;\nALTER TABLE documents RENAME TO papers;'
      expect(await access('past', view, noView)).toEqual([
        ['gained', 'error', 'after up spec_author sees 100 instead of 25 rows of papers'],
      ])
      const invoker = view.replace('VIEW papers AS', 'VIEW papers WITH (security_invoker) AS')
      expect(await access('invoker', invoker, noView)).toEqual([])
      const update = `ALTER TABLE papers ADD COLUMN extra int;\nUPDATE papers SET author = 'nobody' WHERE author = 'spec_author' AND id > 50;`
      const back = `UPDATE papers SET author = 'spec_author' WHERE author = 'nobody';\nALTER TABLE papers DROP COLUMN extra;`
      expect(await access('fewer', update, back)).toEqual([['lost', 'error', 'after up spec_author sees 12 instead of 25 rows of papers']])
    } finally {
      await shop.session.script('DROP OWNED BY spec_author; DROP ROLE spec_author')
    }
  })

  test('of a sound migration holds, and says what each statement took', async () => {
    await using shop = await open(sound['legacy.sql'], fill)
    const rehearsal = await rehearseAt(good, shop.url)
    expect(rehearsal).toMatchObject({ verdict: 'holds', because: '', disagreements: [], window: { kept: true } })
    // A column that comes back stands at the end.
    expect(rehearsal.findings.map(({ kind, severity }) => [kind, severity])).toEqual([['schema', 'info']])
    expect(rehearsal.checks.length).toBeGreaterThan(5)
    expect(rehearsal.checks.map(({ differing }) => differing)).toEqual(rehearsal.checks.map(() => 0))
    expect(rehearsal.totals).toContainEqual(
      expect.objectContaining({
        table: 'public.orders',
        rows: 2000,
        after: 2000,
        sums: { id: '2001000', customer: '501000', total: '20010.00' },
      }),
    )
    const [add, update, drop] = rehearsal.up.statements
    expect([add?.line, update?.line, drop?.line]).toEqual([1, 2, 3])
    expect(add?.locks).toEqual([{ relation: 'public.orders', mode: 'AccessExclusiveLock', heldMs: expect.any(Number) }])
    expect(update?.durationMs).toBeGreaterThan(0)
    expect(update?.walBytes).toBeGreaterThan(100_000)
    expect(update?.grownBytes).toBeGreaterThan(50_000)
    expect(rehearsal.up.walBytes).toBeGreaterThanOrEqual(update?.walBytes ?? Number.NaN)
    expect(rehearsal.down).toMatchObject({ outcome: 'applied', equal: true })
    expect(await schemasOf(shop)).toEqual([])
    const { total } = await shop.session.one<{ total: string }>('SELECT sum(total)::text AS total FROM orders')
    expect(total).toBe('20010.00')
  })

  test.skipIf(major === undefined)(`takes evidence of the copy before up, and says how long restoring it takes${skipped}`, async () => {
    await using shop = await open(sound['legacy.sql'], fill)
    const evidence = join(scratch.path, 'evidence')
    const { restore, verdict, notChecked } = await rehearseAt(good, shop.url, { evidence })
    expect([verdict, restore]).toEqual(['holds', { kind: 'evidence', from: evidence, durationMs: expect.any(Number) }])
    expect(restore?.durationMs).toBeGreaterThan(10)
    expect(notChecked.filter((each) => each.startsWith('Whether a backup'))).toEqual([])
    const totals = JSON.parse(await readFile(join(evidence, 'totals.json'), 'utf8'))
    expect(totals.proof.outcome).toBe('proven')
    expect(totals.tables.find(({ table }: { table: string }) => table === 'public.orders').sums.total).toBe('20010.00')
  })

  describe('with a workload', () => {
    const workload = `SELECT total FROM orders WHERE id = $1;\nUPDATE orders SET note = 'x' WHERE id = $1;\nSELECT nothing FROM orders;`
    const legacy = sound['legacy.sql']
    const rehearsed = async (name: string, up: string) => {
      await using shop = await open(legacy, fill)
      const pair = await learnPair(
        await writePair(join(scratch.path, name), { 'legacy.sql': legacy, 'workload.sql': workload, 'up.sql': up }),
      )
      const rehearsal = await rehearseAt(pair, shop.url)
      const { notes } = await shop.session.one<{ notes: number }>(`SELECT count(*)::int AS notes FROM orders WHERE note = 'x'`)
      return { ...rehearsal, notes }
    }

    test('says how long clients waited, for which statement of the migration, and leaves nothing of theirs', async () => {
      const up = 'ALTER TABLE orders ADD COLUMN extra int;\nSELECT pg_sleep(1.3);'
      const { workload: met, findings, notes, notChecked, verdict } = await rehearsed('waits', up)
      expect(verdict).toBe('violated')
      expect(findings.map(({ kind, severity, message }) => [kind, severity, message])).toEqual([
        [
          'client-waits',
          'error',
          expect.stringMatching(/^While up runs, a client's .* waits 1\d{3} ms for a lock; the budget is 1000 ms$/),
        ],
      ])
      expect(met).toMatchObject({ clients: 4, budgetMs: 1000 })
      expect(met?.waits.length).toBeGreaterThanOrEqual(4)
      expect(met?.waits[0]).toMatchObject({ line: expect.any(Number), file: expect.stringMatching(/up\.sql$/) })
      expect(met?.longestBeforeMs).toBeLessThan(1000)
      expect(met?.refused).toEqual([{ statement: 'SELECT nothing FROM orders', because: 'column "nothing" does not exist (42703)' }])
      expect(notChecked).toContainEqual(
        expect.stringMatching(/^The statement SELECT nothing FROM orders of the workload: the copy refuses it/),
      )
      expect(notes).toBe(0)
    })

    test('does not wait for a statement that never ends', async () => {
      await using shop = await open(legacy, fill)
      const files = { 'legacy.sql': legacy, 'workload.sql': 'SELECT 1;', 'up.sql': 'CREATE TABLE extras (id int);' }
      const pair = await learnPair(await writePair(join(scratch.path, 'endless'), files))
      const { learned } = pair.verified
      if (learned === undefined) throw new Error('nothing was learned')
      const { migration } = learned.subject
      const workload = ['SELECT 1', 'SELECT pg_sleep(86400)']
      const subject = { ...learned.subject, migration: { ...migration, contract: { ...migration.contract, workload } } }
      await using copy = await openUrlCopy(shop.url)
      await using observer = await copy.observe()
      await using clients = await startCopyClients(copy, subject, observer, 300)
      expect(clients?.processIds()).toHaveLength(4)
    })

    test('holds where each lock is short, and says that statements were sent', async () => {
      const {
        workload: met,
        findings,
        verdict,
      } = await rehearsed('short', 'CREATE TABLE extras (id int PRIMARY KEY);\nSELECT pg_sleep(1.3);')
      expect([verdict, findings]).toEqual(['holds', []])
      expect(met?.statements).toBeGreaterThan(100)
      expect(met?.waits).toEqual([])
    })
  })

  test('names a rewrite, and the temporary files of a sort', async () => {
    const files = {
      'legacy.sql': 'CREATE TABLE words (id int PRIMARY KEY, word text NOT NULL);',
      'up.sql': `SET work_mem = '64kB';\nALTER TABLE words ALTER COLUMN id TYPE bigint;\nCREATE INDEX words_word ON words (word);\nSELECT count(*) FROM (SELECT word FROM words ORDER BY md5(word) OFFSET 10) AS w;`,
    }
    const pair = await learnPair(await writePair(join(scratch.path, 'words'), files))
    await using shop = await open(files['legacy.sql'], `INSERT INTO words SELECT n, md5(n::text) FROM generate_series(1, 20000) AS n`)
    const { up, verdict } = await rehearseAt(pair, shop.url)
    expect(verdict).toBe('holds')
    expect(up.statements.map(({ rewritten }) => rewritten)).toEqual([[], ['public.words'], [], []])
    expect(up.temporaryBytes).toBeGreaterThan(100_000)
    const each = up.statements.map(({ temporaryBytes }) => temporaryBytes ?? 0)
    // The index fits into maintenance_work_mem.
    expect(each).toEqual([0, 0, 0, up.temporaryBytes])
  })

  test('finds a loss that only real rows have, counts it, says how, and masks the keys', async () => {
    const pair = await learnPair(await writePair(join(scratch.path, 'cut'), lossy))
    expect(pair.verified.result.findings.filter(({ invariant }) => invariant === 'zero-loss')).toEqual([])
    await using shop = await open(lossy['legacy.sql'], names)
    const { hit, keys } = await shop.session.one<{ hit: number; keys: string[] }>(
      `SELECT count(*)::int AS hit, array_agg('id=' || id) AS keys FROM customers WHERE ${rare}`,
    )
    expect(hit).toBeGreaterThan(1)
    const rehearsal = await rehearseAt(pair, shop.url)
    expect(rehearsal.verdict).toBe('violated')
    const [finding, ...others] = rehearsal.findings
    expect(finding).toMatchObject({
      invariant: 'zero-loss',
      kind: 'cell-altered',
      severity: 'error',
      relation: 'public.customers',
      attribute: 'name',
      line: 2,
      rows: hit,
      alterations: { cut: hit },
      predictedBy: null,
      message: `customers.name: the value has changed in ${hit} of 20000 rows (cut ${hit})`,
    })
    expect(others.map(({ kind, message }) => [kind, message])).toEqual([
      ['data', `customers.name: after down the value is another one in ${hit} of 20000 rows`],
    ])
    expect(rehearsal.down).toMatchObject({ outcome: 'applied', equal: false })
    expect(rehearsal.disagreements[0]).toBe(`Seen on real rows and not on generated ones: ${finding?.message}.`)
    expect(finding?.samples).toHaveLength(Math.min(hit, 5))
    expect(finding?.samples.every((each) => /^#[0-9a-f]{8}$/.test(each))).toBe(true)
    expect(JSON.stringify(rehearsal)).not.toMatch(new RegExp(keys.map((key) => `${key}\\b`).join('|')))

    await using again = await open(lossy['legacy.sql'], names)
    const shown = await rehearseAt(pair, again.url, { showValues: true })
    expect(keys).toEqual(expect.arrayContaining([...(shown.findings[0]?.samples ?? [])]))
  })

  test('sets what generated rows predict beside what real rows show', async () => {
    const files = {
      'legacy.sql': 'CREATE TABLE items (id int PRIMARY KEY, code text NOT NULL, note text);',
      'up.sql': 'ALTER TABLE items ALTER COLUMN code TYPE varchar(8) USING left(code, 8), DROP COLUMN note;',
    }
    const pair = await learnPair(await writePair(join(scratch.path, 'predicted'), files), 20)
    await using shop = await open(
      files['legacy.sql'],
      `INSERT INTO items SELECT n, CASE WHEN n <= 3 THEN 'a long code ' || n ELSE 'c' || n END FROM generate_series(1, 100) AS n`,
    )
    const { predictions, findings, disagreements } = await rehearseAt(pair, shop.url)
    const code = predictions.find(({ attribute, invariant }) => attribute === 'code' && invariant === 'zero-loss')
    expect(code).toMatchObject({ seen: 'seen', rows: 3, concerned: 3 })
    expect(findings).toContainEqual(expect.objectContaining({ attribute: 'code', rows: 3, alterations: { cut: 3 }, predictedBy: code?.id }))
    expect(disagreements).toEqual([])
  })

  test('of a migration that fails on real rows names the line and the SQLSTATE, shows no row, and leaves nothing', async () => {
    const files = {
      'legacy.sql': 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);',
      'up.sql': 'ALTER TABLE users ADD COLUMN active boolean;\nCREATE UNIQUE INDEX users_email ON users (lower(email));',
      'down.sql': 'DROP INDEX users_email;\nALTER TABLE users DROP COLUMN active;',
    }
    const pair = await learnPair(await writePair(join(scratch.path, 'fails'), files))
    await using shop = await open(files['legacy.sql'], `INSERT INTO users VALUES (1, 'Ann@example.org'), (2, 'ann@example.org')`)
    const rehearsal = await rehearseAt(pair, shop.url)
    expect(rehearsal).toMatchObject({ verdict: 'violated', checks: [], down: null, window: { kept: null }, up: { outcome: 'failed' } })
    expect(rehearsal.findings).toEqual([expect.objectContaining({ invariant: 'applies', line: 2, sqlstate: '23505' })])
    expect(JSON.stringify(rehearsal)).not.toContain('ann@')
    expect(await schemasOf(shop)).toEqual([])
  })

  test('on a copy without rows is no pass', async () => {
    await using shop = await open(sound['legacy.sql'], '')
    expect(await rehearseAt(good, shop.url)).toMatchObject({
      verdict: 'unknown',
      because: 'The tables that the migration writes have no rows on the copy.',
    })
  })

  test('compares the declared measures, and rows that refer to nothing', async () => {
    const files = {
      'legacy.sql': `CREATE TABLE parents (id int PRIMARY KEY, name text); CREATE TABLE children (id int PRIMARY KEY, parent int, amount int NOT NULL);`,
      'up.sql': `DELETE FROM parents WHERE md5(name) LIKE 'a0b%';\nUPDATE children SET amount = amount + 1 WHERE md5('c' || id) LIKE 'b1c%';`,
      'contract.ts': `export default { references: [{ from: 'public.children.parent', to: 'public.parents.id' }],
        measures: [{ name: 'amount', before: 'SELECT parent AS key, sum(amount) AS value FROM children GROUP BY parent', after: 'SELECT parent AS key, sum(amount) AS value FROM children GROUP BY parent' }] }`,
    }
    const pair = await learnPair(await writePair(join(scratch.path, 'measures'), files))
    await using shop = await open(
      files['legacy.sql'],
      `INSERT INTO parents SELECT n, 'name ' || n FROM generate_series(1, 20000) AS n; INSERT INTO children SELECT n, n, 10 FROM generate_series(1, 20000) AS n`,
    )
    const { lost, changed } = await shop.session.one<{ lost: number; changed: number }>(
      `SELECT (SELECT count(*)::int FROM parents WHERE ${rare}) AS lost, (SELECT count(*)::int FROM children WHERE md5('c' || id) LIKE 'b1c%') AS changed`,
    )
    const { findings, verdict } = await rehearseAt(pair, shop.url)
    const found = findings
      .filter(({ cause }) => cause === null)
      .map(({ invariant, kind, relation, rows }) => [invariant, kind, relation, rows])
    expect(verdict).toBe('violated')
    expect(found).toEqual(
      expect.arrayContaining([
        ['zero-loss', 'row-lost', 'public.parents', lost],
        ['zero-loss', 'cell-altered', 'public.children', changed],
        ['no-orphans', 'orphan', 'public.children', lost],
        ['quantity-parity', 'difference', null, changed],
      ]),
    )
  })
})
