import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resultSchema, type VerifyResult } from '../../../harness/result/index.ts'
import { inGate } from '../../in-gate.ts'
import { pageFiles } from '../page-files.ts'
import { type ScratchRepository, scratchRepository } from './scratch-repository.ts'

const config = (more: string) => `import { defineConfig } from 'godwit'
import { grossAddsUp } from './invariants/gross-adds-up.ts'

export default defineConfig({ path: 'migrations/gross', runs: 10, invariants: [grossAddsUp], ${more} })
`

/** What follows is one story, told in order. */
describe('the invariant of docs/own-invariant.md', { timeout: 180_000 }, () => {
  let repository: ScratchRepository
  let result: VerifyResult
  let output: string
  beforeAll(async () => {
    repository = await scratchRepository({ ...(await pageFiles('own-invariant.md')), 'godwit.config.ts': config('') })
    const { code, stdout, stderr } = await repository.run(['verify'], { GITHUB_ACTIONS: 'true' })
    expect(code).toBe(1)
    output = stdout + stderr
    result = resultSchema.parse(JSON.parse(await report('results.json')))
  }, 120_000)
  afterAll(() => repository[Symbol.asyncDispose]())
  const report = (file: string) => readFile(join(repository.directory, 'reports', file), 'utf8')

  test('is violated, by the fewest rows, and nothing else is', () => {
    const [migration] = result.migrations
    expect(migration?.invariants.filter(({ verdict }) => verdict === 'violated').map(({ id }) => id)).toEqual(['gross-adds-up'])
    expect(migration?.findings).toMatchObject([
      {
        invariant: 'gross-adds-up',
        kind: 'wrong',
        message: 'gross is -1, net 0 and tax 1 (1 of 1 rows)',
        file: 'migrations/gross/up.sql',
        line: 3,
        counterexample: expect.stringContaining('reports/gross/counterexamples/gross-adds-up-public.invoice-gross-'),
      },
    ])
    expect(migration?.disagreements).toEqual([])
  })

  test('stands in every report, with its texts also where that is made from the saved result alone', async () => {
    const named = ['index.html', 'index.md', 'pull-request.md', 'results.json', 'junit.xml', 'godwit.sarif', 'gl-code-quality-report.json']
    for (const file of [...named, 'gross/MIGRATION_TEST_RESULTS.md'])
      expect([file, await report(file)]).toEqual([
        file,
        expect.stringMatching(/gross-adds-up[\s\S]*gross is -1|gross is -1[\s\S]*gross-adds-up/),
      ])
    const sarif = await report('godwit.sarif')
    const { rules } = JSON.parse(sarif).runs[0].tool.driver
    expect(rules.find((each: { id: string }) => each.id === 'gross-adds-up/wrong')).toMatchObject({
      shortDescription: { text: 'gross is not net plus tax' },
      help: { text: expect.stringContaining('What to do: Compute gross as net + tax where the migration fills it.') },
    })
    const again = await repository.runHere(['report'])
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('up.sql:3  gross-adds-up')])
    expect(await report('godwit.sarif')).toBe(sarif)
    expect(output).toMatch(/::error file=migrations\/gross\/up\.sql,line=3.*gross is -1/)
  })

  test('judges a counterexample again', async () => {
    const file = result.migrations[0]?.findings[0]?.counterexample ?? ''
    const still = await repository.run(['replay', file])
    expect([still.code, still.stdout]).toEqual([1, 'still violates: gross is -1, net 0 and tax 1 (1 of 1 rows)\n'])
  })

  test('is accepted by a waiver, and by the baseline, and passes the gate until its text changes', async () => {
    expect((await repository.runHere(['baseline', '--from', 'reports'])).stdout).toContain('1 accepted finding of 1 step')
    expect((await repository.run(['verify'])).code).toBe(0)
    // In a process of its own: Vitest gives functions another text.
    const gate = () => repository.run(['gate'])
    expect((await gate()).code).toBe(0)
    const file = 'invariants/gross-adds-up.ts'
    const text = await readFile(join(repository.directory, file), 'utf8')
    await repository.write({ [file]: text.replace("+ amount(row, 'tax')", "- amount(row, 'tax')") })
    const { code, stdout } = await gate()
    expect([code, stdout]).toEqual([1, expect.stringMatching(/rules: version \w+ judged then, version \w+ would now/)])
    const waiver = "waivers: [{ invariant: 'gross-adds-up', owner: 'ana', reason: 'known', expires: '2999-01-01' }]"
    await repository.write({ [file]: text, 'godwit.config.ts': config(`baseline: false, ${waiver}`) })
    const waived = await repository.run(['verify'])
    expect([waived.code, waived.stdout]).toEqual([0, expect.stringContaining('1 waived')])
  })
})

const history = {
  'migrations/001_invoice.sql': 'CREATE TABLE invoice (id integer PRIMARY KEY, net integer NOT NULL);\n',
  'migrations/002_gross.sql': 'ALTER TABLE invoice ADD COLUMN gross bigint;\nUPDATE invoice SET gross = net;\n',
}
const imported = {
  'godwit.config.ts': `import { defineConfig, defineInvariant } from 'godwit'
    import { isWrong } from './is-wrong.ts'
    const saw = { relations: 1, rows: 1, cells: 1, runs: 1 }
    const at = { relation: 'public.invoice', message: 'wrong', evidence: {}, known: 'observed' } as const
    const own = defineInvariant({
      id: 'own',
      holds: 'nothing is wrong',
      rules: { wrong: { severity: 'error', title: 't', meaning: 'm', remedy: 'r' } },
      looks: { everyRun: ['up'] },
      judge: (run) =>
        isWrong([...(run.migrated?.rows.get('public.invoice')?.rows ?? [])])
          ? { outcome: 'violated', saw, findings: [{ invariant: 'own', kind: 'wrong', severity: 'error', ...at }] }
          : { outcome: 'holds', saw },
    })
    export default defineConfig({ path: 'migrations', runs: 4, invariants: [own] })`,
}

const judging = (what: string, before = '') => `${before}\nexport const isWrong = (rows: readonly unknown[]): boolean => ${what}\n`
const byMost = 'rows.length > most.rows'
const byVariable = judging('rows.length > most', 'const most = Number(process.env.MOST ?? 1000)')

test.each<
  [
    what: string,
    files: Readonly<Record<string, string>>,
    then: Readonly<Record<string, string>>,
    variables: Readonly<Record<string, string>>,
  ]
>([
  ['a file', { 'is-wrong.ts': judging('false') }, { 'is-wrong.ts': judging('rows.length > 0') }, {}],
  [
    'a file of JSON',
    { 'is-wrong.ts': judging(byMost, "import most from './most.json'"), 'most.json': '{ "rows": 1000 }' },
    { 'most.json': '{ "rows": 0 }' },
    {},
  ],
  [
    'a file that Node.js loads itself',
    { 'is-wrong.ts': judging(byMost, "const most = require('./most.cjs')"), 'most.cjs': 'module.exports = { rows: 1000 }' },
    { 'most.cjs': 'module.exports = { rows: 0 }' },
    {},
  ],
  ['a variable of the environment', { 'is-wrong.ts': byVariable }, {}, { MOST: '0' }],
])('a kept verdict is made anew when %s changes that the invariant reads', { timeout: 120_000 }, async (_, files, then, variables) => {
  await using repository = await scratchRepository({ ...history, ...imported, ...files })
  // As a user's process: under Vitest nobody says which files are loaded.
  const verify = async (more: Readonly<Record<string, string>> = {}) => {
    const { code, stdout } = await repository.run(['verify', '--json'], { VITEST: '', ...more })
    return [code, ...JSON.parse(stdout).sources.map((each: { cached: number }) => each.cached)]
  }
  expect(await verify()).toEqual([0, 0])
  expect(await verify()).toEqual([0, 2])
  await repository.write(then)
  expect(await verify(variables)).toEqual([1, 0])
})

test('an invariant with a probe of its own is shrunk to the fewest rows that it looks at', { timeout: 120_000 }, async () => {
  const { 'invariants/report-total.ts': probe = '' } = await pageFiles('own-invariant.md')
  await using repository = await scratchRepository({
    'invariants/report-total.ts': probe,
    'godwit.config.ts': `import { defineConfig } from 'godwit'
      import { reportTotal } from './invariants/report-total.ts'
      export default defineConfig({ path: 'pair', runs: 5, invariants: [reportTotal] })`,
    'pair/legacy.sql': `CREATE TABLE sale (id integer PRIMARY KEY, amount integer NOT NULL);
      CREATE VIEW report AS SELECT coalesce(sum(amount), 0) AS total FROM sale;`,
    'pair/up.sql': 'CREATE OR REPLACE VIEW report AS SELECT coalesce(sum(amount), 0) - count(*) AS total FROM sale;',
  })
  const { code, stdout } = await repository.run(['verify', '--json'])
  const { migrations } = resultSchema.parse(JSON.parse(stdout))
  const finding = migrations[0]?.findings.find(({ invariant }) => invariant === 'report-total')
  expect([code, finding?.message]).toEqual([1, 'the total of the report is -1, and was 0'])
  const saved = await readFile(join(repository.directory, finding?.counterexample ?? ''), 'utf8')
  expect(saved).toContain(`INSERT INTO "public"."sale" ("id", "amount") VALUES\n  ('0', '0');\n`)
  const replayed = await repository.run(['replay', finding?.counterexample ?? ''])
  expect([replayed.code, replayed.stdout]).toEqual([4, expect.stringContaining('report-total is not seen by one run on saved rows')])
})

const rules = "{ wrong: { severity: 'error', title: 't', meaning: 'm', remedy: 'r' } }"
const declared = (own: Readonly<Record<string, string>>) => {
  const all = { id: "'own'", holds: "'h'", rules, looks: "{ everyRun: ['up'] }", judge: '() => ({})', ...own }
  const text = Object.entries(all).map(([key, value]) => `${key}: ${value}`)
  return `import { defineConfig, defineInvariant } from 'godwit'\nexport default defineConfig({ invariants: [defineInvariant({ ${text.join(', ')} })] })\n`
}

const refusals: readonly [string, Readonly<Record<string, string>>, string][] = [
  ['an id in capitals', { id: "'NoEmpty'" }, 'the invariant "NoEmpty" needs an id in lower case with hyphens'],
  ['an id that ends in a hyphen', { id: "'own-'" }, 'the invariant "own-" needs an id in lower case with hyphens'],
  ['the id of ours', { id: "'zero-loss'" }, 'the invariant "zero-loss" has the id of a built-in invariant'],
  ['no promise', { holds: "''" }, 'the invariant "own" does not say when it holds'],
  ['no rules', { rules: '{}' }, 'the invariant "own" declares no kind of finding'],
  ['a rule without a remedy', { rules: "{ a: { severity: 'error', title: 't', meaning: 'm' } }" }, 'has no remedy for its kind "a"'],
  ['a rule of no severity', { rules: "{ a: { title: 't', meaning: 'm', remedy: 'r' } }" }, 'has no severity for its kind "a"'],
  ['phases that do not begin with up', { looks: "{ everyRun: ['down'] }" }, 'cannot look at runs of these phases: ["down"]'],
  ['a probe that cannot look', { looks: "{ name: 'p' }" }, 'has a probe without a name or without a function "observe"'],
  ['no judge', { judge: '7' }, 'the invariant "own" has no function "judge"'],
]
test.each(inGate(refusals, 3))('an invariant with %s is refused', async (_, own, message) => {
  await using repository = await scratchRepository({ 'godwit.config.ts': declared(own), '1.sql': 'SELECT 1' })
  const { code, stdout, stderr } = await repository.runHere(['verify'])
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
})

test('two invariants of one id are refused', async () => {
  const twice = declared({}).replace(/invariants: \[(.*)\] \}\)/, 'invariants: [$1, $1] })')
  await using repository = await scratchRepository({ 'godwit.config.ts': twice, '1.sql': 'SELECT 1' })
  const { code, stderr } = await repository.runHere(['verify'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('there are two invariants with the id "own"')])
})
