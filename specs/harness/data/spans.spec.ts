import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { datasetArbitrary, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import { enclose } from './zoo-plan.ts'

/** What the rows of a data set show under an exclusion constraint. */
const kinds = ['touch', 'apart', 'overlap in other rooms', 'without an end', 'overlap outside the predicate'] as const
type Kind = (typeof kinds)[number]

/** The kinds as the server sees them: pairs of rows, by the range `span` and the place `room`. */
const question = (span: string, inside: string) => `
  SELECT count(*) FILTER (WHERE same AND l -|- r)::int AS touch,
    count(*) FILTER (WHERE same AND NOT l && r AND NOT l -|- r)::int AS apart,
    count(*) FILTER (WHERE NOT same AND l && r)::int AS "overlap in other rooms",
    count(*) FILTER (WHERE upper_inf(l) OR lower_inf(l))::int AS "without an end",
    count(*) FILTER (WHERE same AND l && r AND NOT (p AND q))::int AS "overlap outside the predicate"
  FROM (
    SELECT a.room = b.room AS same, ${span.replaceAll('$', 'a')} AS l, ${span.replaceAll('$', 'b')} AS r, ${inside.replaceAll('$', 'a')} AS p, ${inside.replaceAll('$', 'b')} AS q
    FROM public.stay AS a JOIN public.stay AS b ON a.id < b.id
  ) AS pair`

async function kindsSeen(columns: string, constraint: string, span: string, inside = 'true') {
  const rooms = 'CREATE EXTENSION IF NOT EXISTS btree_gist; CREATE TABLE public.room (id int PRIMARY KEY)'
  const stays = `CREATE TABLE public.stay (id int PRIMARY KEY, room int NOT NULL REFERENCES public.room, live boolean NOT NULL, ${columns}, ${constraint})`
  await using enclosure = await enclose(await useCluster(), `${rooms}; ${stays}`)
  const datasets = sampleDatasets(datasetArbitrary(enclosure.plan, { rows: { min: 2, max: 6 } }), 11, 150)
  const seen = new Map<Kind, number>()
  let refused = 0
  for (const dataset of datasets) {
    await enclosure.session.script('BEGIN')
    const { dropped } = await seedDataset(enclosure.session, enclosure.plan, dataset)
    refused += dropped.length
    const [counts] = await enclosure.session.query<Record<Kind, number>>(question(span, inside))
    for (const kind of kinds) seen.set(kind, (seen.get(kind) ?? 0) + ((counts?.[kind] ?? 0) > 0 ? 1 : 0))
    await enclosure.session.script('ROLLBACK')
  }
  return { refused, seen }
}

describe('rows under an exclusion constraint', () => {
  const ends = 'starts_on date NOT NULL, ends_on date'
  test.each([
    ['two dates', ends, "daterange(starts_on, ends_on, '[)')", "daterange($.starts_on, $.ends_on, '[)')"],
    ['two dates, the last one counts', ends, "daterange(starts_on, ends_on, '[]')", "daterange($.starts_on, $.ends_on, '[]')"],
    ['two instants', 'since timestamptz, till timestamptz', 'tstzrange(since, till)', 'tstzrange($.since, $.till)'],
    ['two numbers', 'low int NOT NULL, high int', 'int4range(low, high)', 'int4range($.low, $.high)'],
    ['a range of dates', 'during daterange NOT NULL', 'during', '$.during'],
    ['a range of times', 'during tsrange NOT NULL', 'during', '$.during'],
    ['a range of decimals', 'during numrange NOT NULL', 'during', '$.during'],
  ])('%s: they touch, lie apart, and overlap in other rooms; none is refused', async (_, columns, element, span) => {
    const { refused, seen } = await kindsSeen(columns, `EXCLUDE USING gist (room WITH =, ${element} WITH &&)`, span)
    expect(refused).toBe(0)
    for (const kind of ['touch', 'apart', 'overlap in other rooms'] as const)
      expect([kind, (seen.get(kind) ?? 0) >= 10]).toEqual([kind, true])
    if (!/during/.test(columns)) expect(seen.get('without an end')).toBeGreaterThan(5)
    expect(seen.get('overlap outside the predicate')).toBe(0)
  })

  test('whose ends a check holds to: they touch all the same', async () => {
    const columns = 'starts_on date NOT NULL, ends_on date NOT NULL, CHECK (starts_on < ends_on)'
    const constraint = 'EXCLUDE USING gist (room WITH =, daterange(starts_on, ends_on) WITH &&)'
    const { refused, seen } = await kindsSeen(columns, constraint, 'daterange($.starts_on, $.ends_on)')
    expect(refused).toBe(0)
    for (const kind of ['touch', 'apart', 'overlap in other rooms'] as const)
      expect([kind, (seen.get(kind) ?? 0) >= 5]).toEqual([kind, true])
  })

  test('which its predicate leaves out: they overlap', async () => {
    const constraint = 'EXCLUDE USING gist (room WITH =, daterange(starts_on, ends_on) WITH &&) WHERE (live)'
    const { refused, seen } = await kindsSeen(ends, constraint, 'daterange($.starts_on, $.ends_on)', '$.live')
    expect(refused).toBe(0)
    expect(seen.get('overlap outside the predicate')).toBeGreaterThan(10)
    expect(seen.get('touch')).toBeGreaterThan(10)
  })
})
