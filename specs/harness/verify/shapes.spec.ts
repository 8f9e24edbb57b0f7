import { describe, expect, test } from 'vitest'
import { bandedDataset, findShapes } from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { enclose } from '../data/zoo-plan.ts'
import { verifyInline } from './verify-inline.ts'

const raising = (condition: string) => `CREATE FUNCTION public.insist() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT coalesce(${condition}, true) THEN RAISE EXCEPTION 'refused: %', NEW.label; END IF; RETURN NEW; END $$;
  CREATE TRIGGER insist BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.insist()`
const table = (more = '') => `CREATE TABLE public.t (id int PRIMARY KEY, note text, label varchar(80) NOT NULL${more})`

describe('texts that a function of the schema insists on', () => {
  test.each([
    ['an e-mail address, in a trigger', `${table()}; ${raising("NEW.label ~ '^[^@ ]+@[^@ ]+[.][a-z]+$'")}`, /@/],
    [
      'a version, of which a generated attribute is made',
      table(', major int GENERATED ALWAYS AS (split_part(label, $$.$$, 3)::int) STORED'),
      /\\\./,
    ],
    [
      'a number, in the expression of an index',
      `${table()}; CREATE FUNCTION public.half(text) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1::numeric / 2'; CREATE INDEX ON public.t (public.half(label))`,
      /\[0-9\]/,
    ],
    ['JSON, in a trigger', `${table()}; ${raising("NEW.label::json IS NOT NULL AND NEW.label LIKE '{%'")}`, /\\\{/],
  ])('are found: %s', async (_, sql, pattern) => {
    await using enclosure = await enclose(await useCluster(), sql)
    const { session, plan } = enclosure
    const found = await findShapes(session, plan, bandedDataset(plan, { seed: 1, rows: 6, variant: 0 }))
    expect(found).toEqual([{ relation: 'public.t', attribute: 'label', pattern: expect.stringMatching(pattern) }])
  })

  test.each([
    ['no row is let in', `${table()}; ${raising('false')}`],
    ['rows are let in as they are', `${table()}; ${raising('length(NEW.label) > 0')}`],
    ['it is not about a text', `${table()}; ${raising('NEW.id < 0')}`],
  ])('are none where %s', async (_, sql) => {
    await using enclosure = await enclose(await useCluster(), sql)
    const { session, plan } = enclosure
    expect(await findShapes(session, plan, bandedDataset(plan, { seed: 1, rows: 6, variant: 0 }))).toEqual([])
  })

  test('are drawn from then on, so that what the migration does to them is judged, and that is said', async () => {
    const { findings, notChecked, invariants } = await verifyInline(
      `${table()}; ${raising("NEW.label ~ '^[^@ ]+@[^@ ]+[.][a-z]+$'")}`,
      "ALTER TABLE t ADD COLUMN host text; UPDATE t SET host = split_part(label, '@', 2); ALTER TABLE t DROP COLUMN label",
      { runs: 10 },
    )
    expect(invariants.find(({ id }) => id === 'applies')?.verdict).toBe('holds')
    expect(
      findings.filter(({ severity }) => severity === 'error').map((each) => `${each.invariant} ${each.kind} ${each.attribute}`),
    ).toEqual([expect.stringMatching(/^zero-loss cell-(lost|altered) label$/)])
    expect(notChecked).toEqual(
      expect.arrayContaining([expect.stringMatching(/^texts in t\.label that do not match .*: the schema refused all others/)]),
    )
  })
})
