import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bandedDataset,
  type Cell,
  type Dataset,
  datasetArbitrary,
  describeExclusion,
  type Exclusion,
  type Hints,
  noHints,
  sampleDatasets,
  seedDataset,
} from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { type Enclosure, enclose } from './zoo-plan.ts'

const schema = `
  CREATE TYPE public.level AS ENUM ('low', 'mid', 'high');
  CREATE TABLE public.owner (id int PRIMARY KEY, email text NOT NULL UNIQUE, label text, mobile text, landline text, CHECK (mobile <> '' OR landline <> ''));
  CREATE TABLE public.log (who text, what text, at timestamptz);
  CREATE TABLE public.stay (room int NOT NULL, day date NOT NULL, owner_id int REFERENCES public.owner, starts_at timestamp, ends_at timestamp, span daterange, PRIMARY KEY (room, day));
  CREATE TABLE public.measure (id serial PRIMARY KEY, ratio float8, amount numeric, price numeric(12,2), state text, flag boolean, level public.level, at time, raw json, doc jsonb, tags text[], line text);
  CREATE TABLE public.raw (id int PRIMARY KEY, value text)`

const hints: Hints = {
  ...noHints,
  zones: ['Europe/Berlin'],
  literals: ['open', 'closed'].map((value) => ({
    relation: 'public.measure',
    attribute: 'state',
    kind: 'text',
    value,
    ordered: false,
    pattern: undefined,
  })),
  jsonKeys: [{ relation: 'public.measure', attribute: 'doc', path: ['kind'] }],
}

let enclosure: Enclosure
let datasets: readonly Dataset[]

beforeAll(async () => {
  enclosure = await enclose(await useCluster(), schema, hints)
  datasets = sampleDatasets(datasetArbitrary(enclosure.plan), 17, 200)
})

afterAll(async () => {
  await enclosure[Symbol.asyncDispose]()
})

type Row = Readonly<Record<string, Cell>>

function rowsOf(dataset: Dataset, name: string): Row[] {
  const table = dataset.tables.get(`public.${name}`)
  return table?.rows.map((row) => Object.fromEntries(table.attributes.map((attribute, at) => [attribute, row[at]]))) ?? []
}

/** In how many of the 200 data sets the rows of a relation are as described. */
const sets = (name: string, holds: (rows: readonly Row[]) => boolean) => datasets.filter((dataset) => holds(rowsOf(dataset, name))).length

/** In how many some row is as described. */
const some = (name: string, holds: (row: Row) => boolean) => sets(name, (rows) => rows.some(holds))

/** In how many some two rows are as described. */
const pairs = (name: string, holds: (one: Row, other: Row) => boolean) =>
  sets(name, (rows) => rows.some((one, at) => rows.slice(at + 1).some((other) => holds(one, other))))

const text = (cell: Cell) => cell ?? ''
const same = (names: readonly string[]) => (one: Row, other: Row) => names.every((name) => one[name] === other[name])

describe('of 200 data sets', () => {
  test('many repeat a whole row where no key forbids it, and a row but for its key', () => {
    expect(pairs('log', same(['who', 'what', 'at']))).toBeGreaterThan(40)
    expect(
      pairs(
        'stay',
        (one, other) =>
          (one.room === other.room) !== (one.day === other.day) && same(['owner_id', 'starts_at', 'ends_at', 'span'])(one, other),
      ),
    ).toBeGreaterThan(25)
    expect(pairs('measure', same(['ratio', 'amount', 'price', 'state', 'flag', 'level', 'at', 'doc', 'line']))).toBeGreaterThan(30)
  })

  test('many repeat an attribute that is in no key', () => {
    expect(pairs('owner', (one, other) => one.label !== null && one.label === other.label)).toBeGreaterThan(75)
  })

  test('many hold texts that differ in case or blanks only, also under UNIQUE', () => {
    const near = (name: string) => (one: Row, other: Row) =>
      one[name] !== other[name] && one[name] != null && text(one[name]).trim().toLowerCase() === other[name]?.trim().toLowerCase()
    expect(pairs('owner', near('email'))).toBeGreaterThan(40)
    expect(pairs('owner', near('label'))).toBeGreaterThan(15)
  })

  test('many have two equal cells of one type in a row, and two in reversed order', () => {
    expect(some('stay', (row) => row.starts_at !== null && row.starts_at === row.ends_at)).toBeGreaterThan(40)
    expect(some('stay', (row) => text(row.starts_at) > text(row.ends_at) && row.ends_at !== null)).toBeGreaterThan(60)
  })

  test('many hold numbers and times that a coarser type rounds', () => {
    expect(some('measure', (row) => text(row.ratio).replace(/[-.]/g, '').length >= 16)).toBeGreaterThan(60)
    expect(some('measure', (row) => /\.\d*0$/.test(text(row.amount)))).toBeGreaterThan(40)
    const borders = new Set(['10.555', '100.000', '-0.005', '33.3333333333'])
    expect(some('measure', (row) => /\.\d{3,}/.test(text(row.amount)) && !borders.has(text(row.amount)))).toBeGreaterThan(45)
    expect(some('measure', (row) => borders.has(text(row.amount)))).toBeGreaterThan(10)
    expect(some('measure', (row) => /\.\d?[1-9]$/.test(text(row.price)))).toBeGreaterThan(80)
    expect(some('measure', (row) => text(row.price).startsWith('-'))).toBeGreaterThan(30)
    expect(some('log', (row) => /\.\d{4,6}\+00$/.test(text(row.at)))).toBeGreaterThan(60)
    expect(some('measure', (row) => text(row.at) === '23:59:59.999999')).toBeGreaterThan(8)
    expect(some('stay', (row) => /-01-31|-02-2[89]|-0[469]-30$/.test(text(row.day)))).toBeGreaterThan(25)
    const near = (digits: number) =>
      pairs('log', (one, other) => one.at != null && one.at !== other.at && one.at.slice(0, digits) === other.at?.slice(0, digits))
    expect(near(19)).toBeGreaterThan(8)
    expect(near(10)).toBeGreaterThan(30)
  })

  test('many hold both instants of one local time, and times that the clock jumps over', () => {
    const twice = (day: string) =>
      pairs('log', (one, other) => one.at === `${day} 00:30:00+00` && other.at === `${day} 01:30:00+00`) +
      pairs('log', (one, other) => other.at === `${day} 00:30:00+00` && one.at === `${day} 01:30:00+00`)
    expect(['2022-10-30', '2023-10-29', '2024-10-27'].reduce((sum, day) => sum + twice(day), 0)).toBeGreaterThan(4)
    expect(some('stay', (row) => /^(2022-03-27|2023-03-26|2024-03-31) 02:3\d/.test(text(row.starts_at)))).toBeGreaterThan(8)
  })

  test('many hold JSON that jsonb respells, of every kind at the top, and keys of every kind', () => {
    const raw = (holds: (cell: string) => boolean) => some('measure', (row) => row.raw != null && holds(row.raw))
    expect(raw((cell) => (cell.match(/"(\w+)"\s*:/g) ?? []).some((key, at, keys) => keys.indexOf(key) !== at))).toBeGreaterThan(25)
    expect(raw((cell) => /[{,:]\s/.test(cell))).toBeGreaterThan(40)
    expect(raw((cell) => cell.includes('12345678901234567890'))).toBeGreaterThan(5)
    expect(raw((cell) => cell.includes('\\u0000') || cell.includes('1e400'))).toBeGreaterThan(2)
    const kinds = (cell: Cell) =>
      cell == null
        ? 'NULL'
        : cell === '{}'
          ? 'empty'
          : cell.startsWith('{')
            ? cell.includes('"kind"')
              ? 'key'
              : 'no key'
            : cell.startsWith('[')
              ? 'list'
              : cell === 'null'
                ? 'null'
                : 'scalar'
    for (const kind of ['NULL', 'empty', 'key', 'no key', 'list', 'null', 'scalar'])
      expect([kind, some('measure', (row) => kinds(row.doc) === kind) > 15]).toEqual([kind, true])
    const values = datasets.flatMap((dataset) => rowsOf(dataset, 'measure')).map((row) => /"kind":(.)/.exec(text(row.doc))?.[1] ?? '')
    for (const start of ['"', '{', '[', 'n']) expect([start, values.filter((value) => value === start).length > 5]).toEqual([start, true])
  })

  test('many hold delimiters inside texts and lists', () => {
    for (const delimiter of [',', ';', '|', '/', ' - ', '\n', '\t', '"', '\\'])
      expect([delimiter, some('measure', (row) => text(row.line).includes(delimiter)) > 4]).toEqual([delimiter, true])
    expect(some('measure', (row) => /^[,;|/]|[,;|/]$/.test(text(row.line)))).toBeGreaterThan(15)
    const tags = (pattern: RegExp) => some('measure', (row) => pattern.test(text(row.tags)))
    for (const pattern of [/^\{\}$/, /NULL/, /"[^"]*,[^"]*"/, /^\{[^,{}"]+\}$/])
      expect([pattern, tags(pattern) > 10]).toEqual([pattern, true])
    expect(tags(/^\{([^,{}]+),(?:.*,)?\1\}$/)).toBeGreaterThan(25)
  })

  test('many take the way out of a check that is NULL', () => {
    const both = some('owner', (row) => row.mobile === null && row.landline === null)
    expect(both).toBeGreaterThan(40)
    expect(some('owner', (row) => row.mobile !== null && row.mobile === row.landline)).toBeGreaterThan(20)
  })

  test('a third of the values is none of the constants, and a fifth to a quarter NULL', () => {
    const states = datasets.flatMap((dataset) => rowsOf(dataset, 'measure')).map((row) => row.state)
    const share = (holds: (cell: Cell) => boolean) => states.filter(holds).length / states.length
    expect(share((cell) => cell !== null && cell !== 'open' && cell !== 'closed')).toBeGreaterThan(0.3)
    expect(share((cell) => cell === 'open' || cell === 'closed')).toBeGreaterThan(0.3)
    expect(share((cell) => cell === null)).toBeGreaterThan(0.15)
    expect(share((cell) => cell === null)).toBeLessThan(0.3)
    const nullable = ['ratio', 'amount', 'price', 'state', 'flag', 'level', 'at', 'raw', 'doc', 'tags', 'line']
    expect(some('measure', (row) => nullable.every((name) => row[name] === null))).toBeGreaterThan(15)
    expect(some('measure', (row) => nullable.every((name) => row[name] !== null))).toBeGreaterThan(60)
  })

  test('forty reach every label with every other', () => {
    const rows = datasets.slice(0, 40).flatMap((dataset) => rowsOf(dataset, 'measure'))
    const seen = new Set(rows.map((row) => `${row.flag} ${row.level}`))
    expect(seen.size).toBe(3 * 4)
  })

  test('many have parents of several children and of none, and children of nobody', () => {
    expect(pairs('stay', (one, other) => one.owner_id !== null && one.owner_id === other.owner_id)).toBeGreaterThan(60)
    expect(some('stay', (row) => row.owner_id === null)).toBeGreaterThan(60)
    const childless = datasets.filter((dataset) =>
      rowsOf(dataset, 'owner').some(({ id }) => !rowsOf(dataset, 'stay').some((row) => row.owner_id === id)),
    )
    expect(childless.length).toBeGreaterThan(60)
  })
})

describe('texts that must read as a type', () => {
  const samples = {
    integer: 'int4',
    bigint: 'int8',
    smallint: 'int2',
    numeric: 'numeric',
    boolean: 'bool',
    date: 'date',
    timestamp: 'timestamp',
    uuid: 'uuid',
    jsonb: 'jsonb',
    inet: 'inet',
  } as const

  test.each(Object.entries(samples))('are cast to %s by the server, in several notations, banded too', async (castable, type) => {
    const exclusion = { relation: 'public.raw', attribute: 'value', rule: { castable: castable as keyof typeof samples } } as const
    expect(describeExclusion(exclusion)).toBe(`public.raw.value reads as ${castable}`)
    const exclude: readonly Exclusion[] = [exclusion]
    const arbitrary = datasetArbitrary(enclosure.plan, { exclude, relations: ['public.raw'] })
    const edge = sampleDatasets(arbitrary, 5, 60)
    const shrunk = edge.slice(0, 6).flatMap((dataset) => [...arbitrary.shrink(dataset, undefined).take(20)].map(({ value }) => value))
    const banded = [0, 1, 2].map((variant) =>
      bandedDataset(enclosure.plan, { seed: 3, rows: 20, variant, exclude, relations: ['public.raw'] }),
    )
    const cells = (list: readonly Dataset[]) =>
      list.flatMap((dataset) => rowsOf(dataset, 'raw').map((row) => row.value)).filter((cell) => typeof cell === 'string')
    const values = [...new Set([...cells(edge), ...cells(shrunk), ...cells(banded)])].map((cell) => `($godwit$${cell}$godwit$)`)
    const [answer] = await enclosure.session.script(
      `SELECT count(v::text::${type}), count(DISTINCT v) FROM (VALUES ${values.join(',')}) AS t(v)`,
    )
    expect(Number(answer?.rows[0]?.[0])).toBe(values.length)
    expect(new Set(cells(edge)).size).toBeGreaterThan(castable === 'boolean' ? 8 : 20)
    expect(cells(banded).length).toBeGreaterThan(20)
  })
})

describe('rows beside others', () => {
  test('meet none of their keys, shrunk or not, and point at one another only', async () => {
    const { plan, session } = enclosure
    const beside = datasetArbitrary(plan, { beside: true })
    for (const [at, dataset] of datasets.slice(0, 15).entries()) {
      const [written] = sampleDatasets(beside, 100 + at, 1)
      if (written === undefined) throw new Error('no data set')
      const ids = new Set(rowsOf(written, 'owner').map((row) => row.id))
      for (const { owner_id } of rowsOf(written, 'stay')) expect(owner_id === null || ids.has(owner_id)).toBe(true)
      for (const each of [written, ...[...beside.shrink(written, undefined).take(5)].map(({ value }) => value)]) {
        await session.script('BEGIN')
        await seedDataset(session, plan, dataset)
        const withoutStays = { ...each, tables: new Map([...each.tables].filter(([path]) => path !== 'public.stay')) }
        expect((await seedDataset(session, plan, withoutStays)).dropped).toEqual([])
        await session.script('ROLLBACK')
      }
    }
  })
})
