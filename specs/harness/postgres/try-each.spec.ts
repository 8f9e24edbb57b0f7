import { describe, expect, test } from 'vitest'
import { tryEach } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

const schema = `CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, size int CONSTRAINT size_known CHECK (size > 0));
  CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ASSERT NEW.name IS DISTINCT FROM 'bad', 'it is bad'; RETURN NEW; END $$;
  CREATE TRIGGER watched BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION watch()`
const statements = [
  `INSERT INTO item VALUES (1, 'it''s', 1)`,
  `INSERT INTO item VALUES (1, 'again', 1)`,
  `INSERT INTO item VALUES (2, NULL, 1)`,
  `INSERT INTO item VALUES (3, 'small', 0)`,
  `INSERT INTO item VALUES (4, 'bad', 1)`,
  `INSERT INTO item VALUES (5, 'good', 1)`,
]

describe('statements sent in one message', () => {
  test.each([
    [true, [1, 5]],
    [false, []],
  ])('with keep: %s, each is told how it went', async (keep, left) => {
    await using database = await (await useCluster()).createDatabase()
    await using session = await database.connect()
    await session.script(schema)
    await session.script('BEGIN')
    const tried = await tryEach(session, statements, { keep })
    const told = tried.map((each) => (each.outcome === 'accepted' ? 'accepted' : `${each.sqlstate} ${each.constraint}`))
    // Undone at once, the first row is not there when the second comes.
    expect(told).toEqual(['accepted', keep ? '23505 item_pkey' : 'accepted', '23502 name', '23514 size_known', 'P0004 ', 'accepted'])
    expect(tried[4]).toMatchObject({ message: 'it is bad' })
    expect((await session.query<{ id: number }>('SELECT id FROM item ORDER BY id')).map(({ id }) => id)).toEqual(left)
    await session.script('ROLLBACK')
  })
})
