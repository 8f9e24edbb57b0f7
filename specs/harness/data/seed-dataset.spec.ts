import { describe, expect, test } from 'vitest'
import { bandedDataset, type Dataset, datasetArbitrary, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import type { Session } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { zoo } from './zoo.ts'
import { enclose } from './zoo-plan.ts'

async function countOf(session: Session, table: string): Promise<number> {
  const [answer] = await session.script(`SELECT count(*) FROM ${table}`)
  return Number(answer?.rows[0]?.[0])
}

function rowsOf(relation: string, rows: readonly (readonly string[])[]): Dataset {
  return { tables: new Map([[relation, { relation, attributes: ['id'], rows }]]), unfilled: [], extreme: false }
}

/** The same session, and how many messages went through it. */
function countingMessages(session: Session): { readonly session: Session; readonly sent: () => number } {
  let sent = 0
  const script = (text: string) => {
    sent += 1
    return session.script(text)
  }
  return { session: Object.create(session, { script: { value: script } }) as Session, sent: () => sent }
}

describe('seeding', () => {
  test('commits where no transaction is open, and stays inside one that is', async () => {
    await using enclosure = await enclose(await useCluster(), 'CREATE TABLE public.t (id int PRIMARY KEY)')
    const { session, plan } = enclosure
    const dataset = bandedDataset(plan, { seed: 1, rows: 4, variant: 0 })
    await session.script('BEGIN')
    await seedDataset(session, plan, dataset)
    await session.script('ROLLBACK')
    expect(await countOf(session, 'public.t')).toBe(0)
    expect((await seedDataset(session, plan, dataset)).filled).toEqual([{ relation: 'public.t', rows: 4 }])
    expect(await countOf(session, 'public.t')).toBe(4)
  })

  test('moves the sequences past the rows', async () => {
    await using enclosure = await enclose(
      await useCluster(),
      'CREATE TABLE public."Ser.ial" (id serial PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, t text)',
    )
    const { session, plan } = enclosure
    await seedDataset(session, plan, bandedDataset(plan, { seed: 1, rows: 5, variant: 0 }))
    await session.script(`INSERT INTO public."Ser.ial" (t) VALUES ('next')`)
    const [answer] = await session.script(
      `SELECT bool_and(n.id > o.id AND n.n > o.n) FROM public."Ser.ial" n, public."Ser.ial" o WHERE n.t = 'next' AND o.t <> 'next'`,
    )
    expect(answer?.rows[0]?.[0]).toBe('t')
  })

  test('leaves a sequence where it is whose numbers all rows are beyond, and refuses nothing for it', async () => {
    const sql =
      'CREATE SEQUENCE s AS smallint; CREATE TABLE public.t (id int PRIMARY KEY, n bigint DEFAULT nextval($$s$$)); ALTER SEQUENCE s OWNED BY t.n'
    await using enclosure = await enclose(await useCluster(), sql)
    const { session, plan } = enclosure
    const rows = [9_944_600, 7].map((n) => [`${n}`, `${n}`])
    for (const [given, next] of [
      [rows.slice(0, 1), '1'],
      [rows.slice(1), '8'],
    ] as const) {
      const counted = countingMessages(session)
      const table = { relation: 'public.t', attributes: ['id', 'n'], rows: given }
      expect(
        await seedDataset(counted.session, plan, { tables: new Map([['public.t', table]]), unfilled: [], extreme: false }),
      ).toMatchObject({
        dropped: [],
      })
      // The rows with BEGIN, and COMMIT.
      expect(counted.sent()).toBe(2)
      expect((await session.script('SELECT nextval($$s$$)'))[0]?.rows).toEqual([[next]])
    }
  })

  test('sends what is refused again by itself, and the others together', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `t${at}`)
    const sql = names.map((name) => `CREATE TABLE public.${name} (id int PRIMARY KEY)`).join(';')
    await using enclosure = await enclose(await useCluster(), sql)
    const { session, plan } = enclosure
    const tables = names.map((name) => {
      const path = `public.${name}`
      return [
        path,
        { relation: path, attributes: ['id'], rows: name === 't7' || name === 't12' ? [['1'], ['1']] : [['1'], ['2']] },
      ] as const
    })
    await session.script('BEGIN')
    const counted = countingMessages(session)
    const report = await seedDataset(counted.session, plan, { tables: new Map(tables), unfilled: [], extreme: false })
    const filled = new Map(report.filled.map(({ relation, rows }) => [relation, rows]))
    expect(tables.map(([path]) => filled.get(path))).toEqual(names.map((name) => (name === 't7' || name === 't12' ? 1 : 2)))
    expect(report.dropped.map(({ relation }) => relation).sort()).toEqual(['public.t12', 'public.t7'])
    expect(counted.sent()).toBeLessThan(20)
    await session.script('ROLLBACK')
  })

  test.each([
    ['in one message', ''],
    ['one by one, where there is no PL/pgSQL', '; DROP EXTENSION plpgsql'],
  ])('leaves out the rows that are refused, and says why: %s', async (_, without) => {
    await using enclosure = await enclose(await useCluster(), `CREATE TABLE public.t (id int PRIMARY KEY)${without}`)
    const { session, plan } = enclosure
    const table = { relation: 'public.t', attributes: ['id'], rows: [['1'], ['1'], ['2']] }
    const dataset: Dataset = { tables: new Map([['public.t', table]]), unfilled: [], extreme: false }
    const report = await seedDataset(session, plan, dataset)
    expect(report.filled).toEqual([{ relation: 'public.t', rows: 2 }])
    expect(report.dropped).toEqual([expect.objectContaining({ relation: 'public.t', constraint: 't_pkey', sqlstate: '23505', rows: 1 })])
    expect(await countOf(session, 'public.t')).toBe(2)
  })

  test('fills past triggers that refuse or swallow, and says so', async () => {
    await using enclosure = await enclose(await useCluster(), zoo.triggers ?? '')
    const { session, plan } = enclosure
    const [dataset] = sampleDatasets(datasetArbitrary(plan), 1, 1)
    if (dataset === undefined) throw new Error('no data set')
    const report = await seedDataset(session, plan, dataset)
    expect(report.bypassed.map((each) => each.relation)).toContain('public.guarded')
    expect(await countOf(session, 'public.guarded')).toBe(dataset.tables.get('public.guarded')?.rows.length)
    expect(await countOf(session, 'public.swallowed')).toBe(dataset.tables.get('public.swallowed')?.rows.length)
    expect((await session.script('SHOW session_replication_role'))[0]?.rows).toEqual([['origin']])
  })

  test('leaves out what a trigger refuses where it lets other rows in, then or before', async () => {
    await using enclosure = await enclose(
      await useCluster(),
      `CREATE TABLE public.t (id int PRIMARY KEY);
       CREATE FUNCTION public.positive() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id < 0 THEN RAISE EXCEPTION 'negative'; END IF; RETURN NEW; END $$;
       CREATE TRIGGER positive BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.positive()`,
    )
    const { session, plan } = enclosure
    const refused = { relation: 'public.t', sqlstate: 'P0001', because: 'negative' }
    const some = await seedDataset(session, plan, rowsOf('public.t', [['1'], ['-1']]))
    expect(some).toMatchObject({ filled: [{ rows: 1 }], dropped: [{ ...refused, rows: 1 }], bypassed: [], unfilled: [] })
    const before = await seedDataset(session, plan, rowsOf('public.t', [['-2']]), new Set(['public.t']))
    expect(before).toMatchObject({ filled: [], bypassed: [], unfilled: [refused] })
    const none = await seedDataset(session, plan, rowsOf('public.t', [['-3']]))
    expect(none).toMatchObject({ filled: [{ rows: 1 }], bypassed: [{ relation: 'public.t' }], unfilled: [] })
  })

  const swallowEven = `CREATE FUNCTION public.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.id % 2 = 1 THEN NEW END; END $$;
    CREATE TRIGGER odd BEFORE INSERT ON public.p FOR EACH ROW EXECUTE FUNCTION public.odd()`
  test.each([
    [
      'a foreign key',
      `CREATE TABLE public.p (id int PRIMARY KEY); ${swallowEven};
       CREATE TABLE public.t (id int PRIMARY KEY, p int REFERENCES public.p DEFERRABLE INITIALLY DEFERRED)`,
      {
        there: ['1', '1'],
        dropped: [
          { relation: 'public.p', rows: 1 },
          { relation: 'public.t', sqlstate: '23503', rows: 1 },
        ],
        bypassed: [],
      },
    ],
    [
      'a unique key',
      `CREATE TABLE public.p (id int PRIMARY KEY);
       CREATE TABLE public.t (id int PRIMARY KEY, p int REFERENCES public.p, u int, UNIQUE (u) DEFERRABLE INITIALLY DEFERRED);
       CREATE FUNCTION public.same() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.u := 1; RETURN NEW; END $$;
       CREATE TRIGGER same BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.same()`,
      { there: ['2', '1'], dropped: [{ relation: 'public.t', sqlstate: '23505', rows: 1 }], bypassed: [] },
    ],
    [
      'a constraint trigger that refuses some',
      `CREATE TABLE public.p (id int PRIMARY KEY); CREATE TABLE public.t (id int PRIMARY KEY, p int REFERENCES public.p);
       CREATE FUNCTION public.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 2 = 0 THEN RAISE EXCEPTION 'even'; END IF; RETURN NULL; END $$;
       CREATE CONSTRAINT TRIGGER odd AFTER INSERT ON public.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.odd()`,
      { there: ['2', '1'], dropped: [{ relation: 'public.t', sqlstate: 'P0001', rows: 1 }], bypassed: [] },
    ],
    [
      'a constraint trigger that refuses all',
      `CREATE TABLE public.p (id int PRIMARY KEY); CREATE TABLE public.t (id int PRIMARY KEY, p int REFERENCES public.p);
       CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
       CREATE CONSTRAINT TRIGGER no AFTER INSERT ON public.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.no()`,
      { there: ['2', '2'], dropped: [], bypassed: [{ relation: 'public.t' }] },
    ],
  ])('leaves out what %s refuses at the end of the transaction', async (_, sql, { there, dropped, bypassed }) => {
    await using enclosure = await enclose(await useCluster(), sql)
    const { session, plan } = enclosure
    const dataset: Dataset = {
      ...rowsOf('public.p', [['1'], ['2']]),
      tables: new Map([
        ...rowsOf('public.p', [['1'], ['2']]).tables,
        [
          'public.t',
          {
            relation: 'public.t',
            attributes: ['id', 'p'],
            rows: [
              ['1', '1'],
              ['2', '2'],
            ],
          },
        ],
      ]),
    }
    for (const around of ['', 'BEGIN']) {
      if (around !== '') await session.script('DELETE FROM public.t; DELETE FROM public.p; BEGIN')
      const report = await seedDataset(session, plan, dataset)
      expect(report).toMatchObject({ dropped, bypassed, unfilled: [] })
      const [counts] = await session.script('SELECT (SELECT count(*) FROM public.p), (SELECT count(*) FROM public.t)')
      expect(counts?.rows[0]).toEqual(there)
    }
    await session.script('ROLLBACK')
  })

  test('reports what no row satisfies, and the relation that hangs on it', async () => {
    await using enclosure = await enclose(
      await useCluster(),
      `CREATE TABLE public.never (n int PRIMARY KEY CHECK (n > 5 AND n < 3));
       CREATE TABLE public.below (n int NOT NULL REFERENCES public.never);
       CREATE TABLE public.beside (n int REFERENCES public.never, name text)`,
    )
    const { plan } = enclosure
    expect(plan.unfilled.map(({ relation, constraint }) => ({ relation, constraint }))).toEqual([
      { relation: 'public.never', constraint: 'never_n_check' },
      { relation: 'public.below', constraint: 'below_n_fkey' },
    ])
    expect([...plan.relations.keys()]).toEqual(['public.beside'])
    const [dataset] = sampleDatasets(datasetArbitrary(plan), 1, 1)
    expect(dataset?.tables.get('public.beside')?.rows.every((row) => row[0] === null)).toBe(true)
  })
})
