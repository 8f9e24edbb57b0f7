import { describe, expect, test } from 'vitest'
import type { CatalogObject, CatalogObjects } from '../../../harness/catalog/index.ts'
import type { SchemaStep } from '../../../harness/history/index.ts'
import { differencesOf, type OnVersion } from '../../../harness/history/versions/differences.ts'
import { uniteVersions } from '../../../harness/history/versions/unite-versions.ts'
import type { FindingResult, MigrationResult, VerifyResult } from '../../../harness/result/index.ts'
import type { WatchedStatement } from '../../../harness/run/index.ts'

const statement = {
  text: 'ALTER TABLE items ADD x int',
  file: 'up.sql',
  line: 3,
  durationMs: 1,
  transaction: 0,
  locks: [],
  work: [],
  rewritten: [],
}

function step(statements: readonly Partial<WatchedStatement>[], after: CatalogObjects = new Map()): SchemaStep {
  return { name: 'm', before: new Map(), after, up: undefined, statements: statements.map((each) => ({ ...statement, ...each })) }
}

function on(version: string, made: SchemaStep | undefined, result: Partial<MigrationResult> = {}): OnVersion {
  return { version, step: made, result: migration(result) }
}

function migration(result: Partial<MigrationResult>): MigrationResult {
  return {
    name: 'm',
    path: 'db',
    digest: '',
    cached: false,
    verdict: 'holds',
    runs: 1,
    rung: 'transaction',
    rungBecause: '',
    runAs: 'owner',
    invariants: [{ id: 'applies', verdict: 'holds', because: '', saw: { relations: 1, rows: 1, cells: 1, runs: 1 }, under: [] }],
    findings: [],
    lineage: [],
    notChecked: [],
    disagreements: [],
    timings: {},
    ...result,
  }
}

const lock = (mode: string) => [{ relation: 'public.items', mode, heldMs: 1 }]

function finding(severity: FindingResult['severity']): FindingResult {
  const nothing = { attribute: null, object: null, cause: null, waived: null, counterexample: null, hint: null, preflight: null }
  const place = { relation: 'public.items', file: 'up.sql', line: 1 }
  return {
    id: 'f',
    invariant: 'zero-loss',
    kind: 'cell-lost',
    severity,
    known: 'observed',
    message: 'lost.',
    evidence: {},
    ...place,
    ...nothing,
  }
}

function run(version: string, migrations: readonly MigrationResult[]) {
  const result: VerifyResult = {
    version: 1,
    verdict: 'holds',
    warnings: 0,
    postgres: { version, assumed: false, from: 'embedded' },
    seed: 's',
    durationMs: 0,
    timings: {},
    digest: { files: 'f', config: 'c', rules: 'r', server: version },
    sources: [{ path: 'db', format: 'pair', steps: 1, verified: 1, cached: 0, brokenAt: null, endToEnd: null, notes: [] }],
    migrations,
  }
  return { version, verified: { result, counterexamples: new Map(), waivers: [] }, walked: new Map([['db\u0000m', step([])]]) }
}

describe('what differs between versions', () => {
  test('a lock that stops clients is a warning, one that stops nobody is for information', () => {
    const strong = differencesOf(
      'm',
      [on('15.1', step([{ locks: lock('AccessExclusiveLock') }])), on('18.1', step([{ locks: lock('ShareLock') }]))],
      [],
    )
    expect(strong).toMatchObject([{ kind: 'lock-differs', severity: 'warning', relation: 'public.items', file: 'up.sql', line: 3 }])
    expect(strong[0]?.message).toBe(
      'ALTER TABLE items ADD x int: its locks on public.items are ACCESS EXCLUSIVE on PostgreSQL 15.1; SHARE on PostgreSQL 18.1',
    )
    const weak = differencesOf('m', [on('15.1', step([{ locks: lock('AccessShareLock') }])), on('18.1', step([{}]))], [])
    expect(weak).toMatchObject([{ kind: 'lock-differs', severity: 'info' }])
  })

  test('a rewrite on one version only is named with it', () => {
    const [only] = differencesOf('m', [on('15.1', step([{ rewritten: ['public.items'] }])), on('18.1', step([{}]))], [])
    expect(only).toMatchObject({
      kind: 'rewrite-differs',
      message: expect.stringMatching(/rewrites public\.items on PostgreSQL 15\.1 only$/),
    })
  })

  test('what every server of a version does to every table is no difference', () => {
    const object = (kind: string, path: string, properties: CatalogObject['properties']) =>
      [`${kind} ${path}`, { kind, path, relation: 'public.items', attribute: undefined, properties }] as const
    const view = (definition: string) => object('view', 'public.names', { definition })
    const table = (privileges: string) => object('table', 'public.items', { privileges })
    const old = new Map([table('SELECT to a'), view(' SELECT items.id FROM items')])
    const named = object('constraint', 'public.items (items_id_not_null)', { type: 'not null' })
    const now = new Map([table('MAINTAIN to a, SELECT to a'), view(' SELECT id FROM items'), named])
    expect(differencesOf('m', [on('15.1', step([], old)), on('18.1', step([], now))], [])).toEqual([])
    const more = new Map([...now, table('INSERT to b, MAINTAIN to a, SELECT to a')])
    expect(differencesOf('m', [on('15.1', step([], old)), on('18.1', step([], more))], [])).toMatchObject([{ kind: 'schema-differs' }])
  })

  test('a name on two of three versions is one finding', () => {
    const index = (name: string) =>
      new Map([
        [
          `table public.${name}`,
          { kind: 'table', path: `public.${name}`, relation: `public.${name}`, attribute: undefined, properties: {} },
        ],
      ])
    const found = differencesOf(
      'm',
      [on('15.1', step([], index('a'))), on('16.1', step([], index('a'))), on('18.1', step([], index('b')))],
      [],
    )
    expect(found.map(({ message }) => message)).toEqual([
      'the table public.a is there on PostgreSQL 15.1, 16.1, not on PostgreSQL 18.1',
      'the table public.b is there on PostgreSQL 18.1 only, not on PostgreSQL 15.1, 16.1',
    ])
  })
})

describe('the result of several versions', () => {
  test('has a finding of one version with its name, and one of its own that it is not on all', () => {
    const bad = migration({ verdict: 'violated', findings: [finding('error')] })
    const { result } = uniteVersions([run('15.1', [migration({})]), run('18.1', [bad])], 'error')
    expect(result.migrations[0]?.verdict).toBe('violated')
    expect(result.migrations[0]?.findings.map(({ kind, severity, message }) => [kind, severity, message])).toEqual([
      ['cell-lost', 'error', 'lost (on PostgreSQL 18.1 only)'],
      ['verdict-differs', 'warning', 'the verdict depends on the version: holds on PostgreSQL 15.1; violated on PostgreSQL 18.1'],
      ['finding-differs', 'warning', 'zero-loss (cell-lost) of public.items is found on PostgreSQL 18.1 (error), and not on 15.1'],
    ])
  })

  test('a finding is as grave as on the version where it is gravest', () => {
    const [mild, bad] = [finding('info'), finding('error')].map((each) => migration({ findings: [each] }))
    if (mild === undefined || bad === undefined) throw new Error('two were made')
    const { result } = uniteVersions([run('15.1', [mild]), run('18.1', [bad])], 'error')
    expect(result.migrations[0]?.findings[0]).toMatchObject({ id: 'f', severity: 'error', message: 'lost.' })
    expect(result.migrations[0]?.findings.map(({ kind }) => kind)).toContain('finding-differs')
  })

  test('a migration that one version did not verify is unknown', () => {
    const { result } = uniteVersions([run('15.1', [migration({})]), run('18.1', [])], 'error')
    expect(result.migrations[0]).toMatchObject({ verdict: 'unknown' })
    expect(result.migrations[0]?.invariants.at(-1)).toMatchObject({
      id: 'same-on-versions',
      because: 'it was not verified on PostgreSQL 18.1',
    })
  })

  test('an invariant that one version could not judge is unknown', () => {
    const because = 'nothing could be filled'
    const doubt = migration({ invariants: migration({}).invariants.map((each) => ({ ...each, verdict: 'unknown' as const, because })) })
    const { result } = uniteVersions([run('15.1', [migration({})]), run('18.1', [doubt])], 'error')
    expect(result).toMatchObject({ verdict: 'unknown', postgres: { version: '15.1, 18.1' }, digest: { server: '15.1, 18.1' } })
    expect(result.migrations[0]?.invariants[0]).toMatchObject({ verdict: 'unknown', because: `${because} (on PostgreSQL 18.1)` })
  })
})
