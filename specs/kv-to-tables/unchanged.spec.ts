import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../fixtures/kv/kinds.ts'
import type { MadeRecord } from '../../fixtures/kv/store-arbitrary.ts'
import { runProgram } from './run-program.ts'
import { openWorkbench, type StoreType, type Workbench } from './workbench.ts'

/** Zones of the server and of the process: ahead of UTC and behind it, by whole hours and by less, and with another style of dates. */
const zones = [
  { server: 'Asia/Kathmandu', process: 'America/St_Johns', style: 'SQL, DMY' },
  { server: 'America/Los_Angeles', process: 'Pacific/Kiritimati', style: 'German' },
  { server: 'Pacific/Chatham', process: 'Europe/Zurich', style: 'ISO, MDY' },
]

/** A written form of an instant or a day, and what its column must hold. */
interface Written {
  readonly json: string
  readonly column: string
}

const digits = (number: number, width = 2) => String(Math.abs(number)).padStart(width, '0')

/** Microseconds since 1970, as `to_char(…, 'YYYY-MM-DD HH24:MI:SS.US')` shows them in UTC. */
function shown(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n
  const iso = new Date(Number((micros - rest) / 1000n)).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${digits(Number(rest), 3)}`
}

const [first, last] = [BigInt(Date.UTC(1900, 0, 3)) * 1000n, BigInt(Date.UTC(2199, 11, 29)) * 1000n]
const micros = fc.bigInt({ min: first, max: last })
const wall = (at: bigint) => new Date(Number(at / 1_000_000n) * 1000).toISOString()
const wholeSeconds = (at: bigint) => (at / 1_000_000n) * 1_000_000n

const isoForm = fc
  .tuple(
    micros,
    fc.nat({ max: 6 }),
    fc.constantFrom('T', ' '),
    fc.integer({ min: -15 * 60, max: 15 * 60 }),
    fc.constantFrom('Z', 'none', ':', '', 'hours'),
  )
  .map(([any, precision, between, offset, zone]): Written => {
    const step = 10n ** BigInt(6 - precision)
    const at = (any / step) * step
    const whole = at - (((at % 1_000_000n) + 1_000_000n) % 1_000_000n)
    const fraction =
      precision === 0
        ? ''
        : `.${String(at - whole)
            .padStart(6, '0')
            .slice(0, precision)}`
    const minutes = zone === 'Z' || zone === 'none' ? 0 : zone === 'hours' ? Math.trunc(offset / 60) * 60 : offset
    const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
    const sign = minutes < 0 ? '-' : '+'
    const written = {
      Z: 'Z',
      none: '',
      ':': `${sign}${digits(hours)}:${digits(rest)}`,
      '': `${sign}${digits(hours)}${digits(rest)}`,
      hours: `${sign}${digits(hours)}`,
    }[zone]
    const local = wall(whole + BigInt(minutes) * 60_000_000n)
    return { json: JSON.stringify(`${local.slice(0, 10)}${between}${local.slice(11, 19)}${fraction}${written}`), column: shown(at) }
  })
const epochForm = fc
  .tuple(
    fc.oneof(
      fc.bigInt(100_000_000n, 7_258_118_399n).map((n) => [n, 1_000_000n] as const),
      fc.bigInt(100_000_000_000n, 7_258_118_399_999n).map((n) => [n, 1000n] as const),
    ),
    fc.boolean(),
  )
  .map(([[number, unit], text]): Written => ({ json: text ? `"${number}"` : String(number), column: shown(number * unit) }))
const dottedForm = micros.map((any): Written => {
  const at = wholeSeconds(any)
  const iso = wall(at)
  const [year, month, day] = iso.slice(0, 10).split('-').map(Number)
  return { json: `"${day}.${month}.${year} ${iso.slice(11, 19)}"`, column: shown(at) }
})
const instant = fc.oneof({ weight: 3, arbitrary: isoForm }, { weight: 2, arbitrary: epochForm }, { weight: 1, arbitrary: dottedForm })

const day = fc.tuple(micros, fc.constantFrom('iso', 'dots', 'slashes', 'digits')).map(([any, form]): Written => {
  const column = wall(any).slice(0, 10)
  const [year, month, number] = column.split('-').map(Number)
  const written = {
    iso: column,
    dots: `${number}.${month}.${year}`,
    slashes: `${year}/${month}/${number}`,
    digits: column.replaceAll('-', ''),
  }[form]
  return { json: JSON.stringify(written), column }
})

/** Numbers of 16 to 40 digits: a double gives back none of them for certain. */
const number = fc
  .tuple(fc.stringMatching(/^[1-9][0-9]{15,39}$/), fc.option(fc.nat({ max: 20 })), fc.boolean())
  .map(
    ([all, point, negative]) =>
      `${negative ? '-' : ''}${point === null ? all : `${all.slice(0, -point - 1)}${all.length > point + 1 ? '' : '0'}.${all.slice(-point - 1)}`}`,
  )

/** Composed and decomposed letters, joiners, zero-width characters and marks, also at the edges: nothing of it is white space. */
const marked = fc
  .array(
    fc.constantFrom(
      'é',
      'e\u0301',
      'Å',
      'A\u030a',
      '\u212b',
      'ﬁ',
      '\u200b',
      '\u200d',
      '\u2060',
      '\ufeff',
      '\u00ad',
      '\u0301',
      '각',
      '\u1100\u1161\u11a8',
      '👩\u200d🚀',
      ' x ',
      'y',
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join('').replace(/^ +| +$/g, '') || 'z')

const employee = fc.record({
  startedOn: day,
  createdAt: instant,
  updatedAt: instant,
  firstName: marked,
  note: marked,
  number,
  nested: number,
})

describe('KV-2: unchanged, whatever the zones of the server and of the process', { timeout: 120_000 }, () => {
  let bench: Workbench
  const client = {
    key: `client:${uuidOf('clients', 1)}`,
    text: '{"name":"C","email":"c@acme.example"}',
    kind: 'clients' as const,
    faults: [],
  }
  const site = {
    key: `site:${uuidOf('sites', 1)}`,
    text: JSON.stringify({ clientId: uuidOf('clients', 1), name: 'S', slug: 's' }),
    kind: 'sites' as const,
    faults: [],
  }
  const benchOf = async (type: StoreType): Promise<Workbench> => {
    await bench?.[Symbol.asyncDispose]()
    bench = await openWorkbench(type)
    return bench
  }
  beforeAll(() => benchOf('jsonb'))
  afterAll(() => bench[Symbol.asyncDispose]())

  const toRecord = (text: string, n: number): MadeRecord => ({
    key: `employee:${uuidOf('employees', n)}`,
    text,
    kind: 'employees',
    faults: [],
  })
  const migrateIn = async ({ server, process, style }: (typeof zones)[number], records: readonly MadeRecord[]) => {
    await bench.fill([client, site, ...records])
    const name = bench.database.url().split('/').at(-1)
    await bench.session.script(`ALTER DATABASE ${name} SET timezone = '${server}'; ALTER DATABASE ${name} SET datestyle = '${style}'`)
    const run = await runProgram('migrate', ['--no-backup', '--json'], { DATABASE_URL: bench.database.url(), TZ: process })
    const rows = await bench.session.query<
      Readonly<Record<'key' | 'day' | 'created' | 'updated' | 'name' | 'note' | 'number' | 'nested', string>>
    >(
      `SELECT source_key AS key, to_char(started_on, 'YYYY-MM-DD') AS day, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS created,
         to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS updated, first_name AS name, extra->>'note' AS note,
         extra->>'number' AS number, extra->'deep'->0->>'n' AS nested FROM employees ORDER BY source_key`,
    )
    return { run, rows }
  }

  test.each<[StoreType, (typeof zones)[number]]>([
    ['jsonb', zones[0] ?? zones[1]],
    ['json', zones[1]],
    ['text', zones[2]],
  ] as [StoreType, (typeof zones)[number]][])('any dates, long numbers and marked letters in a store of %s', async (type, zone) => {
    await benchOf(type)
    await fc.assert(
      fc.asyncProperty(fc.array(employee, { minLength: 60, maxLength: 90 }), async (employees) => {
        const records = employees.map(({ startedOn, createdAt, updatedAt, firstName, note, number, nested }, n) =>
          toRecord(
            `{"siteId":"${uuidOf('sites', 1)}","email":"e${n}@acme.example","firstName":${JSON.stringify(firstName)},"lastName":"L","startedOn":${startedOn.json},
              "createdAt":${createdAt.json},"updatedAt":${updatedAt.json},"note":${JSON.stringify(note)},"number":${number},"deep":[{"n":${nested}}]}`,
            n,
          ),
        )
        const { run, rows } = await migrateIn(zone, records)
        expect([run.code, run.stderr.replace(/^.*% of all.*\n/gm, '')]).toEqual([0, ''])
        expect(rows).toEqual(
          employees.map((each, n) => ({
            key: toRecord('', n).key,
            day: each.startedOn.column,
            created: each.createdAt.column,
            updated: each.updatedAt.column,
            name: each.firstName,
            note: each.note,
            number: each.number,
            nested: each.nested,
          })),
        )
      }),
      { numRuns: 2, interruptAfterTimeLimit: 40_000 },
    )
  })

  test('29 February is a day of 2000 and 2024 and none of 1900 and 2100, in every form; epochs have 9, 10, 12 or 13 digits', async () => {
    await benchOf('jsonb')
    const forms = (year: number) => [
      `${year}-02-29`,
      `29.2.${year}`,
      `${year}/2/29`,
      `${year}0229`,
      `29 February ${year}`,
      `Feb 29, ${year}`,
    ]
    const created: readonly (readonly [string, string | undefined])[] = [
      ...[2000, 2024].flatMap((year) => forms(year).map((text) => [JSON.stringify(text), `${year}-02-29 00:00:00.000000`] as const)),
      ...[1900, 2100].flatMap((year) => forms(year).map((text) => [JSON.stringify(text), undefined] as const)),
      ['"1900-02-29T12:00:00Z"', undefined],
      ['999999999', '2001-09-09 01:46:39.000000'],
      ['"100000000"', '1973-03-03 09:46:40.000000'],
      ['1696321230', '2023-10-03 08:20:30.000000'],
      ['999999999999', '2001-09-09 01:46:39.999000'],
      ['"1696321230123"', '2023-10-03 08:20:30.123000'],
      ['99999999', undefined],
      ['16963212301', undefined],
    ]
    const records = created.map(([json], n) =>
      toRecord(`{"siteId":"${uuidOf('sites', 1)}","email":"e${n}@acme.example","firstName":"F","lastName":"L","createdAt":${json}}`, n),
    )
    const { rows } = await migrateIn(zones[0] as (typeof zones)[number], records)
    const found = new Map(rows.map(({ key, created }) => [key, created]))
    expect(created.map(([json], n) => [json, found.get(toRecord('', n).key)])).toEqual(created)
  })
})
