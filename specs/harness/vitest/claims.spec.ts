import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCounterexample, readResult } from '../../../harness/report/index.ts'
import type { ClaimResult } from '../../../harness/result/index.ts'
import { measureInTurn } from '../../../harness/vitest/benchmark-claims.ts'
import { reportBenchmarks } from '../../../harness/vitest/report-benchmarks.ts'
import { runVitest } from './run-vitest.ts'

const config = 'fixtures/claimed-specs/vitest.config.ts'
const numbers = (middle: number) => Array.from({ length: 9 }, (_, at) => middle + (at - 4) / 1_000)
const steady = (middle: number) => numbers(middle).join(' ')

describe('claims of a run of specs and benchmarks', () => {
  let directory = ''
  let reports = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'claims-spec-'))
    reports = join(directory, 'reports')
  })
  afterAll(() => rm(directory, { recursive: true }))

  const bench = (ratio: number) =>
    runVitest(config, ['bench', '--run'], {
      GODWIT_SPEC_REPORTS: reports,
      GODWIT_BENCH_RATIOS: steady(ratio),
      GODWIT_BENCH_CONTROL: steady(1),
    })
  const claimsIn = async (folder = reports, name = 'stock') => {
    const migration = (await readResult(folder))?.result.migrations.find((each) => each.name === name)
    return new Map((migration?.claims ?? []).map((each): [string, ClaimResult] => [each.id, each]))
  }
  const statesOf = (claims: ReadonlyMap<string, ClaimResult>) => Object.fromEntries([...claims].map(([id, { state }]) => [id, state]))

  test('tests, invariants and measures hold or refute them, and every report says so', { timeout: 180_000 }, async () => {
    const { output } = await runVitest(config, ['run'], { GODWIT_SPEC_REPORTS: reports })
    const claims = await claimsIn()
    expect(statesOf(claims)).toEqual({
      'ST-1': 'held',
      'ST-2': 'held',
      'ST-3': 'refuted',
      'ST-4': 'refuted',
      'ST-5': 'not-checked',
      'ST-6': 'not-checked',
      'ST-7': 'held',
      'ST-8': 'held',
      'ST-9': 'not-checked',
      'ST-10': 'held',
      'ST-11': 'refuted',
    })
    expect(output).toContain('stock  claims: 5 held, 3 refuted (ST-3, ST-4, ST-11), 3 not checked')
    const markdown = await readFile(join(reports, 'stock/MIGRATION_TEST_RESULTS.md'), 'utf8')
    expect(markdown).toContain('5 held, 3 refuted (ST-3, ST-4, ST-11), 3 not checked.')
    // docs/claims.md shows the other migration, and what it prints.
    const page = await readFile('docs/claims.md', 'utf8')
    const printed = output.split('\n').filter((line) => line.startsWith('  shop  '))
    expect(printed).toHaveLength(1)
    expect(page).toContain(printed.join('\n'))
    const shown = await readFile(join(reports, 'shop/MIGRATION_TEST_RESULTS.md'), 'utf8')
    const [table = ''] = shown.match(/(^\| .*\n)+/m) ?? []
    expect(table).toContain('| `SH-5` |')
    // How many rows are drawn is the seed's.
    const uncounted = (text: string) => text.replaceAll(/\d+ (?=rows|runs)/g, '0 ')
    expect(uncounted(page)).toContain(uncounted(table))
    expect(await readFile(join(reports, 'pull-request.md'), 'utf8')).toContain(
      '| `ST-3` | rollback gives back the legacy state | **refuted** |',
    )
  })

  test.each(['shop/contract.ts', 'shop.spec.ts', 'shop.bench.ts'])('docs/claims.md shows %s as it is', async (file) => {
    const [page, text] = [await readFile('docs/claims.md', 'utf8'), await readFile(`fixtures/claimed-specs/${file}`, 'utf8')]
    expect(page).toContain(`\`\`\`ts\n${text.replaceAll('fixtures/claimed-specs/', 'migrations/')}\`\`\`\n`)
  })

  test('each says what it is held on, what refutes it, or why it was not checked', async () => {
    const claims = await claimsIn()
    const because = (id: string) => claims.get(id)?.because
    expect(because('ST-1')).toMatch(/^The invariant zero-loss holds, tested on \d+ rows in \d+ runs\.$/)
    expect(because('ST-2')).toMatch(/^The measure "quantity" holds, .* 1 test passed\.$/)
    const { finding, counterexample = '' } = claims.get('ST-3') ?? {}
    const found = (await readResult(reports))?.result.migrations.flatMap(({ findings }) => findings).find(({ id }) => id === finding)
    expect(found).toMatchObject({ invariant: 'rollback-restores-state', counterexample })
    expect(parseCounterexample(await readFile(counterexample, 'utf8')).meta.migration).toBe('stock')
    expect(claims.get('ST-4')).toMatchObject({
      because: 'The test "ST-4: sums > are those of the model" fails: expected 100 to be less than 100',
      counterexample: expect.stringMatching(/^\[100\] \(seed 7, path "[\d:]+"\)$/),
    })
    expect(because('ST-5')).toBe('1 of 1 test did not run: "ST-5: a backup is restored".')
    expect(because('ST-6')).toBe('Nothing that Godwit runs rests on it.')
    expect(because('ST-9')).toBe('The benchmark "read an item" was not run.')
    expect(claims.get('ST-10')?.text).toBe('what only a test names')
    expect(because('ST-11')).toMatch(/^The test "ST-11: nothing gets another name" fails: expected \[ 'items' \] to deeply equal \[\]/)
    const { sources = [] } = (await readResult(reports))?.result ?? {}
    expect(sources.flatMap(({ notes }) => notes)).toContain('the claim XX-1 is of no migration: declare it in a contract')
  })

  test('a benchmark that misses its budget refutes the claim, and what specs said stays', { timeout: 180_000 }, async () => {
    const before = await claimsIn()
    expect((await bench(1.5)).output).toContain('stock  claims: 5 held, 4 refuted (ST-3, ST-4, ST-9, ST-11), 2 not checked')
    // Whatever the machine does, two plain sums are measured.
    expect((await claimsIn(reports, 'shop')).get('SH-4')?.because).toMatch(/^(The ratio keeps its budget|Too noisy to tell): /)
    const after = await claimsIn()
    expect(after.get('ST-9')).toMatchObject({
      state: 'refuted',
      because: 'The ratio misses its budget: 1.5 (1.5 to 1.5) in 9 rounds; budget: at most 1.1; equal work differs by up to 0.3 %.',
    })
    expect({ ...statesOf(after), 'ST-9': 'not-checked' }).toEqual(statesOf(before))
  })

  test('specs that run after it keep what it measured', { timeout: 180_000 }, async () => {
    await runVitest(config, ['run', 'stock.spec.ts'], { GODWIT_SPEC_REPORTS: reports })
    const claims = await claimsIn()
    expect(claims.get('ST-9')).toMatchObject({ state: 'refuted', because: expect.stringMatching(/ Measured in an earlier run\.$/) })
    expect(claims.get('ST-7')).toMatchObject({ state: 'not-checked' })
  })

  test('a benchmark alone leaves reports too: of a migration that was not verified', async () => {
    const alone = join(directory, 'alone')
    const outcome = { name: 'read an item', ratios: numbers(1.05), control: numbers(1) }
    await reportBenchmarks(alone, [{ path: 'fixtures/claimed-specs/stock', outcomes: [outcome] }])
    expect((await readResult(alone))?.result).toMatchObject({ verdict: 'unknown', migrations: [{ name: 'stock', verdict: 'unknown' }] })
    const claims = await claimsIn(alone)
    expect([claims.get('ST-9')?.state, claims.get('ST-1')?.because]).toEqual(['held', 'The invariant "zero-loss" was not judged.'])
  })

  test('a benchmark keeps what specs said although a later run was of another migration', async () => {
    const folder = join(directory, 'several')
    await cp(reports, folder, { recursive: true })
    const run = await readResult(folder)
    const others = run?.result.migrations.filter(({ name }) => name !== 'stock')
    await writeFile(join(folder, 'results.json'), JSON.stringify({ ...run?.result, migrations: others }))
    const outcome = { name: 'read an item', ratios: numbers(1.05), control: numbers(1) }
    await reportBenchmarks(folder, [{ path: 'fixtures/claimed-specs/stock', outcomes: [outcome] }])
    const claims = await claimsIn(folder)
    expect([claims.get('ST-9')?.state, claims.get('ST-1')?.state, claims.get('ST-3')?.state]).toEqual(['held', 'held', 'refuted'])
  })

  test('contenders are measured in turn, each round with a control, and the first round is left out', async () => {
    const ran: string[] = []
    const contenders = { base: async () => ran.push('base'), contender: async () => ran.push('contender') }
    const { ratios, control } = await measureInTurn('b', contenders, 2)
    expect(ran.join(' ')).toBe(Array.from({ length: 3 }, () => 'base contender base').join(' '))
    expect([ratios.length, control.length]).toEqual([2, 2])
  })
})
