import { expect, test } from 'vitest'
import type { MigrationResult } from '../../../harness/result/index.ts'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = 'CREATE TABLE visit (id int PRIMARY KEY, at timestamp NOT NULL, made timestamptz NOT NULL)'

function about({ findings }: MigrationResult, ...ids: readonly string[]): readonly string[] {
  return findings.flatMap((each) =>
    each.severity !== 'info' && ids.includes(each.invariant) ? [`${each.severity} ${each.invariant} ${each.kind} ${each.attribute}`] : [],
  )
}

function migrated(up: string, down?: string): Promise<MigrationResult> {
  return verifyInline(legacy, up, { runs: 20, ...(down === undefined ? {} : { files: { 'down.sql': down } }) })
}

test('a time that the session gives its zone is an error, though down takes it back', async () => {
  const result = await migrated('ALTER TABLE visit ALTER at TYPE timestamptz', 'ALTER TABLE visit ALTER at TYPE timestamp')
  expect(about(result, 'determinism')).toEqual(['error determinism session at'])
  expect(result.findings.find(({ kind }) => kind === 'session')?.message).toMatch(
    /differs when the session that migrates has another TimeZone: '.+' becomes '.+'/,
  )
  expect(result.verdict).toBe('violated')
})

test('with a zone that is named it is none', async () => {
  const [up, down] = ['timestamptz', 'timestamp'].map((type) => `ALTER TABLE visit ALTER at TYPE ${type} USING at AT TIME ZONE 'UTC'`)
  expect(about(await migrated(up ?? '', down), 'determinism', 'zero-loss', 'rollback-restores-state')).toEqual([])
})

test('down alone may depend on the session: its counterexample sets the zone', async () => {
  const result = await migrated(
    "ALTER TABLE visit ALTER at TYPE timestamptz USING at AT TIME ZONE 'UTC'",
    'ALTER TABLE visit ALTER at TYPE timestamp',
  )
  expect(about(result, 'determinism', 'rollback-restores-state')).toEqual(['error rollback-restores-state data at'])
  const finding = result.findings.find(({ invariant }) => invariant === 'rollback-restores-state')
  expect(finding?.counterexample).not.toBeNull()
  expect(finding?.message).toMatch(/, in a session with TimeZone 'Pacific\/Chatham'$/)
})

const purged = 'CREATE TABLE purged (id int PRIMARY KEY, a int, b text, c text, v text NOT NULL)'

test('what any session shows is not told of the one that showed it first', async () => {
  const up = "DELETE FROM purged WHERE a = 4711 AND b = 'rare' AND c IS NULL"
  const found = await Promise.all(['a', 'b', 'c'].map((seed) => verifyInline(purged, up, { runs: 4, seed })))
  const messages = found.flatMap(({ findings }) => findings.flatMap((each) => (each.invariant === 'zero-loss' ? [each.message] : [])))
  expect(messages.length).toBeGreaterThan(0)
  expect(messages.filter((each) => each.includes('in a session'))).toEqual([])
})

test('a day of the session in a new column is a warning, a constant or the text of an instant with its offset none', async () => {
  expect(about(await migrated('ALTER TABLE visit ADD day date; UPDATE visit SET day = made::date'), 'determinism')).toEqual([
    'warning determinism session day',
  ])
  expect(about(await migrated("ALTER TABLE visit ADD seen timestamptz NOT NULL DEFAULT '1970-01-01'"), 'determinism')).toEqual([])
  expect(about(await migrated('ALTER TABLE visit ADD said text; UPDATE visit SET said = made::text'), 'determinism')).toEqual([])
})

const bookings = `CREATE TABLE booking (id int PRIMARY KEY, length interval, seal bytea, due text NOT NULL
  CONSTRAINT form CHECK (due ~ '^(0[1-9]|1[0-2])/(0[1-9]|1[0-2])/20[0-9][0-9]$'))`
const asDate = (using: string) => `ALTER TABLE booking DROP CONSTRAINT form; ALTER TABLE booking ALTER due TYPE date USING ${using}`

test('a day whose order of figures the session decides is a warning', async () => {
  const result = await verifyInline(bookings, asDate('due::date'), { runs: 20 })
  expect(about(result, 'determinism', 'zero-loss')).toEqual(['warning determinism session due'])
  expect(result.findings.find(({ kind }) => kind === 'session')?.message).toMatch(
    /differs when the session that migrates has another DateStyle: '20\d\d-\d\d-\d\d' becomes '20\d\d-\d\d-\d\d'$/,
  )
})

test('with its form named it is none', async () => {
  const result = await verifyInline(bookings, asDate("to_date(due, 'DD/MM/YYYY')"), { runs: 20 })
  expect(about(result, 'determinism', 'zero-loss')).toEqual([])
})

test.each([
  ['DateStyle', 'made::date::text', 'CREATE TABLE booking (id int PRIMARY KEY, made timestamp NOT NULL)'],
  ['IntervalStyle', 'length::text', bookings],
  ['bytea_output', 'seal::text', bookings],
])('what %s only writes in another form is information', async (setting, value, before) => {
  const result = await verifyInline(before, `ALTER TABLE booking ADD label text; UPDATE booking SET label = 'is ' || ${value}`, {
    runs: 20,
  })
  const sessions = result.findings.filter(({ kind }) => kind === 'session')
  expect(sessions.map(({ severity, attribute }) => `${severity} ${attribute}`)).toEqual(['info label'])
  expect(sessions[0]?.message).toContain(`another ${setting}`)
})

test('times that chance moves come from chance, those of the run from the clock', async () => {
  const kinds = async (value: string) => {
    const { findings } = await verifyInline(legacy, `UPDATE visit SET made = ${value}`, { runs: 10 })
    return findings.flatMap((each) => (each.invariant === 'determinism' ? [each.kind] : []))
  }
  expect(await kinds("made + floor(random() * 23 + 1) * interval '1 hour'")).toEqual(['random'])
  expect(await kinds("now() + interval '30 days'")).toEqual(['clock'])
})
