import { expect, test } from 'vitest'
import { verifyInline } from '../verify/verify-inline.ts'

// documenso: an address that an earlier step inserted has a label of an enum in it, and so each user was that account.
test('rows that an earlier step inserted carry no bands', async () => {
  const legacy = `CREATE TYPE provider AS ENUM ('PAPERWORK', 'GOOGLE');
    CREATE TABLE account (id serial PRIMARY KEY, name text, email text NOT NULL, verified timestamp(3), password text, source text,
      provider provider NOT NULL DEFAULT 'PAPERWORK', signature text, roles text[] DEFAULT ARRAY['USER'], made timestamp(3) NOT NULL DEFAULT now(),
      seen timestamp(3) NOT NULL DEFAULT now(), changed timestamp(3) NOT NULL DEFAULT now(), codes text, factor boolean NOT NULL DEFAULT false,
      secret text, customer text);
    CREATE UNIQUE INDEX ON account (email);
    CREATE UNIQUE INDEX ON account (customer);
    INSERT INTO account (id, email, name) VALUES (9958501, 'serviceaccount@paperwork.com', 'Service Account');`
  const up = `INSERT INTO account (email, verified, made, changed, seen, roles, provider, factor)
    VALUES ('deleted-account@paperwork.com', now(), now(), now(), now(), ARRAY['USER'], 'GOOGLE', false);`
  const { findings, lineage, runs } = await verifyInline(legacy, up, { runs: 10 })
  expect(runs).toBeGreaterThan(10)
  expect(findings.filter(({ invariant }) => invariant === 'zero-loss').map(({ message }) => message)).toEqual([])
  const kept = lineage.filter(({ fate, transform }) => fate === 'kept' && transform === 'identical').map(({ from }) => from)
  expect(kept).toEqual(expect.arrayContaining(['public.account.id', 'public.account.email', 'public.account.provider']))
})
