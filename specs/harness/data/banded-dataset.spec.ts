import { describe, expect, test } from 'vitest'
import { BandSource } from '../../../harness/data/band/band-source.ts'
import { splitOf } from '../../../harness/data/band/vectors.ts'
import { bandedDataset } from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { zoo } from './zoo.ts'
import { enclose } from './zoo-plan.ts'

describe('a banded data set', () => {
  test.each(Object.keys(zoo))('of "%s" holds every band once, in all variants together', async (name) => {
    await using enclosure = await enclose(await useCluster(), zoo[name] ?? '')
    const { plan } = enclosure
    const places = new Map<string, string>()
    const repeated: string[] = []
    for (const variant of [0, 1, 2, 3]) {
      const dataset = bandedDataset(plan, { seed: 21, rows: 18, variant })
      for (const [path, table] of dataset.tables) {
        const relation = plan.relations.get(path)
        table.rows.forEach((row, at) => {
          row.forEach((cell, position) => {
            const attribute = relation?.attributes[position]
            const free = attribute?.pools.bands === undefined && attribute?.group === undefined && attribute?.slot === undefined
            if (typeof cell !== 'string' || attribute === undefined || !free || attribute.literals.includes(cell)) return
            if (dataset.bands.get(path)?.get(attribute.name) !== 'band') return
            const place = `${variant} ${path}.${attribute.name} row ${at}`
            const before = places.get(cell.trim().toLowerCase())
            if (before !== undefined) repeated.push(`${cell}: ${before}, ${place}`)
            places.set(cell.trim().toLowerCase(), place)
          })
        })
      }
    }
    expect(repeated).toEqual([])
    expect(places.size).toBeGreaterThan(0)
  })

  test.each(Object.keys(zoo))('of "%s" is made by makers that accept what they make', async (name) => {
    await using enclosure = await enclose(await useCluster(), zoo[name] ?? '')
    const source = new BandSource(1, 0)
    for (const relation of enclosure.plan.relations.values()) {
      for (const { name: attribute, type, maker, context } of relation.attributes) {
        const made = [maker.plain, ...maker.vector, ...Array.from({ length: 20 }, () => maker.plausible(source.random, context))]
        if (maker.room) made.push(...Array.from({ length: 20 }, () => maker.band(source, context)))
        expect({ attribute, type, refused: made.filter((text) => maker.accepts(text) === false) }).toEqual({ attribute, type, refused: [] })
      }
    }
  })

  test('writes whole numbers that differ in the leading five digits and do not end in zero', async () => {
    await using enclosure = await enclose(
      await useCluster(),
      'CREATE TABLE public.t (a int PRIMARY KEY, b bigint, c numeric(12,2), d money, e numeric(20,6))',
    )
    const { tables } = bandedDataset(enclosure.plan, { seed: 1, rows: 48, variant: 0 })
    const cells = tables.get('public.t')?.rows.flat() ?? []
    const digits = cells.map((cell) => cell?.replace('.', '') ?? '')
    expect(new Set(digits.map((text) => text.slice(0, 5))).size).toBe(cells.length)
    expect(digits.filter((text) => text.length < 7 || text.endsWith('0') || Number(text) < 100_000)).toEqual([])
  })

  test('writes texts as two words in mixed case, some with blanks around', async () => {
    await using enclosure = await enclose(await useCluster(), 'CREATE TABLE public.t (a text, b varchar(30), c varchar(6))')
    const rows = bandedDataset(enclosure.plan, { seed: 1, rows: 48, variant: 0 }).tables.get('public.t')?.rows ?? []
    const long = rows.flatMap((row) => row.slice(0, 2)) as string[]
    expect(long.filter((text) => !/^ ?[A-Z][a-zA-Z]{4} [A-Z][a-zA-Z]{4} ?$/.test(text))).toEqual([])
    expect(long.some((text) => text !== text.trim())).toBe(true)
    expect(new Set(long.flatMap((text) => text.trim().toLowerCase().split(' '))).size).toBe(long.length * 2)
    expect(rows.every((row) => /^[A-Z][a-zA-Z]{4}$/.test(row[2] ?? ''))).toBe(true)
  })

  test('writes times that no zone makes meet', async () => {
    await using enclosure = await enclose(await useCluster(), 'CREATE TABLE public.t (a timestamp, b timestamptz, c timestamptz(0))')
    const rows = bandedDataset(enclosure.plan, { seed: 1, rows: 48, variant: 0 }).tables.get('public.t')?.rows ?? []
    const inside = rows.flatMap((row) => row.map((cell) => Date.parse(`${cell?.replace(' ', 'T').replace('+00', '')}Z`) % 900_000))
    expect(new Set(inside).size).toBe(inside.length)
  })

  test('splits the rows by no two attributes without room alike', async () => {
    await using enclosure = await enclose(
      await useCluster(),
      `CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'happy');
       CREATE TABLE public.t (${Array.from({ length: 24 }, (_, at) => `b${at} boolean`).join(', ')}, m1 public.mood, m2 public.mood, s1 smallint, s2 smallint, c char(1), k text CHECK (k IN ('a', 'b', 'c')))`,
    )
    for (const variant of [0, 1, 2]) {
      const rows = bandedDataset(enclosure.plan, { seed: 1, rows: 16, variant }).tables.get('public.t')?.rows ?? []
      const splits = (rows[0] ?? []).map((_, position) => splitOf(rows.map((row) => row[position])))
      expect(new Set(splits).size).toBe(splits.length)
      expect(splits.filter((split) => !split.includes('1'))).toEqual([])
    }
  })

  test('splits even six rows by no two of fourteen booleans alike', async () => {
    const columns = Array.from({ length: 14 }, (_, at) => `b${at} boolean NOT NULL`).join(', ')
    await using enclosure = await enclose(await useCluster(), `CREATE TABLE public.t (${columns})`)
    const rows = bandedDataset(enclosure.plan, { seed: 1, rows: 6, variant: 0 }).tables.get('public.t')?.rows ?? []
    const splits = (rows[0] ?? []).map((_, position) => splitOf(rows.map((row) => row[position])))
    expect(splits.length).toBe(14)
    expect(new Set(splits).size).toBe(14)
  })

  test('spreads children over their parents unevenly, and differs in the number of rows', async () => {
    await using enclosure = await enclose(await useCluster(), zoo.shop ?? '')
    const { tables, bands } = bandedDataset(enclosure.plan, { seed: 1, rows: 24, variant: 0 })
    const orders = tables.get('public.orders')?.rows.map((row) => row[1]) ?? []
    const shares = [...new Set(orders)].map((parent) => orders.filter((each) => each === parent).length)
    expect(new Set(shares).size).toBeGreaterThan(1)
    expect(new Set([...tables.values()].map((table) => table.rows.length)).size).toBeGreaterThan(1)
    expect(bands.get('public.orders')?.get('customer_id')).toBe('alias')
    expect(bands.get('public.items')?.get('status')).toBe('vector')
  })

  test('leaves nulls out of the pure variant and in the sparse one', async () => {
    await using enclosure = await enclose(await useCluster(), 'CREATE TABLE public.t (id int PRIMARY KEY, a text, b date, c jsonb)')
    const cells = (variant: number) =>
      bandedDataset(enclosure.plan, { seed: 1, rows: 20, variant }).tables.get('public.t')?.rows.flat() ?? []
    expect(cells(0)).not.toContain(null)
    expect(cells(2)).toContain(null)
  })
})
