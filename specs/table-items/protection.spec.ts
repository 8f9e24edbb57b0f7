import type { Dataset, Session } from 'godwit'
import { useCluster } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersKept } from './claims.ts'
import { openRestaurant, type Restaurant } from './restaurant.ts'
import { corrected } from './scripts.ts'

const roles = ['ti_owner', 'ti_manager', 'ti_waiter', 'ti_guest'] as const
const staff = `
  ${roles.map((role) => `CREATE ROLE ${role}`).join('; ')};
  GRANT SELECT, UPDATE ON "tables" TO ti_manager WITH GRANT OPTION;
  GRANT SELECT ("id", "name", "status"), UPDATE ("status") ON "tables" TO ti_waiter;
  ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO ti_guest;
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
  CREATE VIEW "free_tables" AS SELECT * FROM "tables" WHERE "status" = 'AVAILABLE';
  GRANT SELECT ON "free_tables" TO ti_guest;
  INSERT INTO "rooms" ("id", "name", "updatedAt") VALUES ('r', 'Hall', now());
  INSERT INTO "tables" ("id", "name", "roomId", "updatedAt") VALUES ('1', 'one', 'r', now())`

describe('table-items, with roles, dependents and locks', () => {
  let pos: Restaurant
  beforeAll(async () => {
    pos = await openRestaurant()
  })
  afterAll(() => pos[Symbol.asyncDispose]())

  const withStaff = (work: () => Promise<void>) =>
    pos.rolledBack(async () => {
      await pos.session.script(staff)
      await work()
    })

  /** Grants of relations and columns, and views with their texts. */
  const protection = () =>
    pos.session.query(
      `SELECT oid::regclass::text AS name, relkind::text, relacl::text, relowner::regrole::text AS owner, relrowsecurity,
        CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END AS view, (
          SELECT jsonb_object_agg(attname, attacl::text) FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
        ) AS attributes
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1`,
    )

  test('TI-2: roles with rights on the whole table read the items, those with rights on columns do not', () =>
    withStaff(async () => {
      await pos.session.script(corrected.up)
      const { manager, waiter, guest } = await pos.session.one<Record<string, boolean>>(
        `SELECT has_column_privilege('ti_manager', '"tables"', 'items', 'SELECT WITH GRANT OPTION') AS manager,
          has_column_privilege('ti_waiter', '"tables"', 'items', 'SELECT') AS waiter,
          has_column_privilege('ti_guest', '"tables"', 'items', 'SELECT') AS guest`,
      )
      expect({ manager, waiter, guest }).toEqual({ manager: true, waiter: false, guest: false })
    }))

  test('TI-4: down restores grants, grants on columns and views over the table', () =>
    withStaff(async () => {
      const before = await protection()
      await pos.session.script(corrected.up)
      await pos.session.script(corrected.down)
      expect(await protection()).toEqual(before)
    }))

  test('TI-4: nobody reads the exported items who could not read the tables', () =>
    withStaff(async () => {
      await pos.session.script(corrected.up)
      await pos.session.script(`UPDATE "tables" SET "items" = '[1]'`)
      await pos.session.script(corrected.down)
      const readers = await pos.session.query(
        `SELECT rolname AS role, privilege FROM pg_roles, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS privilege
        WHERE rolname = ANY($1) AND has_table_privilege(rolname, '"table_items_export"', privilege)`,
        [roles],
      )
      expect(readers).toEqual([])
      expect(await pos.session.query(`SELECT "tableName", "items" FROM "table_items_export"`)).toEqual([{ tableName: 'one', items: [1] }])
    }))

  test('TI-4: a second way back adds to what the first one exported', () =>
    withStaff(async () => {
      for (const items of ['[1]', '[2]']) {
        await pos.session.script(corrected.up)
        await pos.session.query(`UPDATE "tables" SET "items" = $1::jsonb`, [items])
        await pos.session.script(corrected.down)
      }
      expect(await pos.session.query(`SELECT "tableName", "items" FROM "table_items_export" ORDER BY "items"`)).toEqual([
        { tableName: 'one', items: [1] },
        { tableName: 'one', items: [2] },
      ])
    }))

  test('TI-4: a view over the items that was made since stops down by name, and nothing is done', () =>
    withStaff(async () => {
      await pos.session.script(corrected.up)
      await pos.session.script(`UPDATE "tables" SET "items" = '[1]'; CREATE VIEW "laid" AS SELECT "items" FROM "tables"; SAVEPOINT before`)
      const before = await protection()
      await expect(pos.session.script(corrected.down)).rejects.toMatchObject({
        sqlstate: '2BP01',
        fields: { detail: expect.stringContaining('laid') },
      })
      await pos.session.script('ROLLBACK TO SAVEPOINT before')
      expect(await protection()).toEqual(before)
    }))

  test.each(['up', 'down'] as const)(
    'TI-5 %s gives up behind a client that keeps the table, within the lock budget, with nothing done',
    async (step) => {
      await using database = await (await useCluster()).createDatabase()
      await using reader = await database.connect()
      await using migrator = await database.connect()
      await migrator.script(corrected.legacy)
      if (step === 'down') await migrator.script(corrected.up)
      const before = await columnsOf(migrator)
      await reader.script('BEGIN; SELECT FROM "tables"')
      const began = performance.now()
      await expect(migrator.script(`BEGIN; ${corrected[step]}; COMMIT`)).rejects.toMatchObject({ sqlstate: '55P03' })
      expect(performance.now() - began).toBeLessThan(2000)
      await migrator.script('ROLLBACK')
      expect(await columnsOf(migrator)).toEqual(before)
      await reader.script('COMMIT')
      await migrator.script(`BEGIN; ${corrected[step]}; COMMIT`)
      expect(await columnsOf(migrator)).not.toEqual(before)
    },
  )

  // A migration that changes one field of what the point of sale wrote, by a trigger: the field must be among those read back.
  const written = {
    rooms: ['name', 'description', 'createdAt', 'updatedAt'],
    tables: ['name', 'x', 'y', 'width', 'height', 'status', 'roomId', 'createdAt', 'updatedAt'],
    tabs: ['name', 'items', 'tableId', 'userId', 'createdAt', 'updatedAt'],
    orders: ['items', 'total', 'status', 'tableId', 'userId', 'createdAt', 'updatedAt'],
  }
  test.each(Object.entries(written).flatMap(([table, fields]) => fields.map((field) => [table, field] as const)))(
    'TI-2: a migration that changes %s.%s on its way is noticed',
    async (table, field) => {
      const up = `${corrected.up};
      INSERT INTO "users" ("id", "name", "email", "updatedAt") VALUES ('other', 'other', 'other@example.org', now());
      INSERT INTO "rooms" ("id", "name", "updatedAt") VALUES ('other', 'other', now()); INSERT INTO "tables" ("id", "name", "roomId", "updatedAt") VALUES ('other', 'other', 'other', now());
      CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."${field}" := ${otherValue[field] ?? `'other'`}; RETURN NEW; END $$;
      CREATE TRIGGER meddle BEFORE INSERT OR UPDATE ON "${table}" FOR EACH ROW EXECUTE FUNCTION meddle()`
      const without = up.slice(0, up.indexOf('CREATE FUNCTION meddle'))
      const own = (differences: readonly string[]) =>
        differences.filter((each) => /^(add|move|resize|rename|change|open a|set|place|pay)/.test(each))
      expect(own(await answersKept(pos, { ...corrected, up: without }, emptyEvening))).toEqual([])
      expect(own(await answersKept(pos, { ...corrected, up }, emptyEvening))).not.toEqual([])
    },
  )
})

const emptyEvening: Dataset = { tables: new Map(), unfilled: [], extreme: false }

const otherValue: Readonly<Record<string, string>> = {
  x: '7',
  y: '7',
  width: '7',
  height: '7',
  total: '7',
  status: `(CASE WHEN TG_TABLE_NAME = 'orders' THEN 'CANCELLED' ELSE 'CLEANING' END)`,
  items: `'{"other": 1}'`,
  createdAt: `'1999-01-01'`,
  updatedAt: `'1999-01-01'`,
}

function columnsOf(session: Session): Promise<readonly unknown[]> {
  return session.query(`SELECT attname FROM pg_attribute WHERE attrelid = '"tables"'::regclass AND attnum > 0 AND NOT attisdropped`)
}
