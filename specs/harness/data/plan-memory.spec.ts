import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { noHints, type PlanMemory, planGeneration } from '../../../harness/data/index.ts'
import type { Session } from '../../../harness/postgres/index.ts'

const schema = `
  CREATE TYPE mood AS ENUM ('new', 'old');
  CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
  CREATE FUNCTION is_even(n integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT n % 2 = 0';
  CREATE TABLE countries (code char(2) PRIMARY KEY CHECK (code = upper(code)));
  CREATE TABLE cities (id integer PRIMARY KEY, country char(2) NOT NULL REFERENCES countries (code), opened date, closed date, CHECK (opened <= closed));
  CREATE TABLE people (id integer PRIMARY KEY, mail email NOT NULL, mood mood CHECK (mood <> 'old'), city integer REFERENCES cities (id));
  CREATE TABLE elsewhere (id integer PRIMARY KEY, kind text CHECK (kind IN ('a', 'b')));
  CREATE TABLE pairs (n integer PRIMARY KEY CHECK (is_even(n)));`

/** A session that counts its messages. */
async function counted(): Promise<{ readonly session: Session; readonly trips: () => number } & AsyncDisposable> {
  const database = await (await useCluster()).createDatabase()
  const session = await database.connect()
  await session.script(schema)
  let trips = 0
  const watched = new Proxy(session, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        trips += 1
        return Reflect.apply(value, target, given)
      }
    },
  })
  return {
    session: watched,
    trips: () => trips,
    [Symbol.asyncDispose]: async () => {
      await session.close()
      await database.drop()
    },
  }
}

describe('the plan of a schema', () => {
  test('covers the relations asked for and what their foreign keys lead to', async () => {
    await using made = await counted()
    const catalog = await readCatalog(made.session)
    const plan = await planGeneration(made.session, catalog, noHints, new Map(), { relations: ['public.people'] })
    expect([...plan.relations.keys()].sort()).toEqual(['public.cities', 'public.countries', 'public.people'])
    expect(plan.order.flat()).toEqual(['public.countries', 'public.cities', 'public.people'])
    expect(plan.unfilled).toEqual([])
  })

  test('of some relations says the same of them as the plan of all', async () => {
    await using made = await counted()
    const catalog = await readCatalog(made.session)
    const whole = await planGeneration(made.session, catalog, noHints)
    const part = await planGeneration(made.session, catalog, noHints, new Map(), { relations: ['public.people'] })
    const shown = (plan: typeof whole, path: string) => {
      const relation = plan.relations.get(path)
      return relation?.attributes.map(({ name, pools, nullable, literals }) => ({ name, pools, nullable, literals })).concat()
    }
    for (const path of part.relations.keys()) expect(shown(part, path)).toEqual(shown(whole, path))
  })

  test('asks the server nothing that it answered before', async () => {
    await using made = await counted()
    const catalog = await readCatalog(made.session)
    const memory: PlanMemory = new Map()
    const relations = ['public.people', 'public.elsewhere']
    const first = await planGeneration(made.session, catalog, noHints, memory, { relations })
    const before = made.trips()
    const second = await planGeneration(made.session, catalog, noHints, memory, { relations })
    expect(made.trips() - before).toBe(0)
    expect(JSON.stringify([...second.relations])).toBe(JSON.stringify([...first.relations]))
  })

  test('asks again where a type or a check changed, or a function of the database has a say', async () => {
    await using made = await counted()
    const memory: PlanMemory = new Map()
    const poolOf = async (path: string, attribute: string) => {
      const plan = await planGeneration(made.session, await readCatalog(made.session), noHints, memory)
      return plan.relations.get(path)?.attributes.find((each) => each.name === attribute)?.pools
    }
    expect((await poolOf('public.people', 'mail'))?.checked).toBe(false)
    expect(await poolOf('public.people', 'mood')).toMatchObject({ vector: ['new'] })
    expect((await poolOf('public.pairs', 'n'))?.edges).not.toContain('1')
    await made.session.script(
      `ALTER TABLE people DROP CONSTRAINT people_mood_check, ADD CHECK (mood <> 'new');
       CREATE OR REPLACE FUNCTION is_even(n integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT n % 2 <> 0'`,
    )
    expect(await poolOf('public.people', 'mood')).toMatchObject({ vector: ['old'] })
    expect((await poolOf('public.pairs', 'n'))?.edges).toContain('1')
  })
})
