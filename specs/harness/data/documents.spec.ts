import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { bandedDataset, datasetArbitrary, noHints, planGeneration, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'

// Stores of documents, as workflow engines keep them: one JSON attribute, and the rest computed from it.
const schema = `
  CREATE TYPE level AS ENUM ('INFO', 'WARN');
  CREATE FUNCTION level_of(text) RETURNS level LANGUAGE sql IMMUTABLE AS $$ SELECT CASE $1 WHEN 'INFO' THEN 'INFO'::level WHEN 'WARN' THEN 'WARN'::level END $$;
  CREATE FUNCTION scope_platform() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'platform' $$;
  CREATE FUNCTION scope_org() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'org' $$;
  CREATE TABLE roles (id integer PRIMARY KEY, scope text NOT NULL CHECK (scope = ANY (ARRAY[scope_platform(), scope_org()])));
  CREATE TABLE documents (
    key varchar(250) PRIMARY KEY,
    value jsonb NOT NULL,
    deleted boolean NOT NULL GENERATED ALWAYS AS (CAST(value ->> 'deleted' AS boolean)) STORED,
    namespace varchar(150) NOT NULL GENERATED ALWAYS AS (value ->> 'name space') STORED,
    code char(2) NOT NULL GENERATED ALWAYS AS (value #>> '{state,code}') STORED,
    word varchar(20) GENERATED ALWAYS AS (value -> 'it''s' ->> 'word') STORED,
    number integer NOT NULL GENERATED ALWAYS AS ((value ->> 'number')::integer) STORED,
    level level NOT NULL GENERATED ALWAYS AS (level_of(value ->> 'level')) STORED
  );`

describe('a table of documents from which attributes are generated', () => {
  test('is filled, banded and at random, with what every generated attribute takes', async () => {
    const database = await (await useCluster()).createDatabase()
    const session = await database.connect()
    try {
      await session.script(schema)
      const catalog = await readCatalog(session)
      const plan = await planGeneration(session, catalog, noHints, new Map(), { relations: ['public.documents'] })
      expect(plan.unfilled).toEqual([])
      const arbitrary = datasetArbitrary(plan, { rows: { min: 3, max: 6 } })
      for (const dataset of [bandedDataset(plan, { seed: 1, rows: 12, variant: 0 }), ...sampleDatasets(arbitrary, 7, 10)]) {
        const { filled, unfilled } = await seedDataset(session, plan, dataset)
        expect(unfilled).toEqual([])
        expect(filled[0]?.rows).toBeGreaterThan(2)
        await session.script('TRUNCATE documents')
      }
    } finally {
      await session.close()
      await database.drop()
    }
  })
})

test('a check that compares with what functions give is satisfied by what they give', async () => {
  const database = await (await useCluster()).createDatabase()
  const session = await database.connect()
  try {
    await session.script(schema)
    const plan = await planGeneration(session, await readCatalog(session), noHints, new Map(), { relations: ['public.roles'] })
    expect(plan.unfilled).toEqual([])
    const scopes = bandedDataset(plan, { seed: 1, rows: 12, variant: 0 })
      .tables.get('public.roles')
      ?.rows.map((row) => row[1])
    expect(new Set(scopes)).toEqual(new Set(['platform', 'org']))
  } finally {
    await session.close()
    await database.drop()
  }
})
