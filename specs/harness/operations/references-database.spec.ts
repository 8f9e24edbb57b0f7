import { expect, test } from 'vitest'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { openStore } from './ready-support.ts'

const schema = `
CREATE TABLE old (id int PRIMARY KEY, note text);
CREATE SCHEMA audit; CREATE TABLE audit.old (id int);
CREATE VIEW seen AS SELECT old.id FROM old;
CREATE VIEW elsewhere AS SELECT id FROM audit.old;
CREATE TABLE other (id int);
ALTER TABLE other ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON other USING (EXISTS (SELECT FROM old WHERE old.id = other.id));
CREATE PUBLICATION told FOR TABLE old;
CREATE FUNCTION count_old() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*)
    FROM old $$;
CREATE FUNCTION kept() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM old; END;
CREATE FUNCTION maybe() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM format('SELECT * FROM %I', 'old'); END $$;
CREATE FUNCTION elsewhere_too() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) AS old FROM audit.old $$;
CREATE SCHEMA cron; CREATE TABLE cron.job (jobid bigint, jobname text, command text);
INSERT INTO cron.job VALUES (1, 'sweep', 'DELETE FROM old'), (2, NULL, 'DELETE FROM audit.old')`

test('objects of a database that name the table are listed, with what a rename does not change; nothing is written there', async () => {
  await using store = await openStore(schema)
  await using repository = await scratchRepository()
  const { code, stdout } = await repository.runHere(['references', 'old', 'fresh', '--url', store.url, '--json'])
  expect([code, JSON.parse(stdout).database.uses]).toEqual([
    1,
    [
      { object: 'function count_old()', place: 'line 6', follows: false },
      { object: 'function kept()', place: 'line 6', follows: true },
      { object: 'function maybe()', place: 'line 4, perhaps: it is a text that is the name', follows: false },
      { object: 'view seen', place: 'line 2', follows: true },
      { object: 'policy mine on other', place: 'as a whole', follows: true },
      { object: 'publication told', place: 'as a whole', follows: true },
      { object: 'cron job sweep', place: 'line 1', follows: false },
    ],
  ])
})

test('what follows a rename by itself leaves the exit code 0', async () => {
  await using store = await openStore('CREATE TABLE old (id int); CREATE VIEW seen AS SELECT * FROM old')
  await using repository = await scratchRepository()
  const { code, stdout } = await repository.runHere(['references', 'old', 'fresh', '--url', store.url])
  expect([code, stdout.replace(/ [\d.]+:\d+\/\w+:/, ' …:')]).toEqual([
    0,
    'in the database …:\n  view seen, line 2 (a rename changes it)\nnothing names it, 1 use in the database\n',
  ])
})
