import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { type CounterexampleInput, parseCounterexample, renderCounterexample } from '../../../harness/report/index.ts'
import { exampleFinding, finding, nastyText } from '../result/result-arbitrary.ts'

const sql = fc
  .array(
    fc.oneof(
      nastyText,
      fc.constantFrom(
        'INSERT INTO t VALUES (1);',
        '-- godwit: begin legacy rows',
        '-- godwit: end legacy rows',
        '-- godwit: {}',
        '-- godwit: end legacy rows 2',
      ),
    ),
    { maxLength: 6 },
  )
  .map((lines) => lines.join('\n'))

const input: fc.Arbitrary<CounterexampleInput> = fc.record(
  {
    finding,
    migration: nastyText,
    paths: fc.array(nastyText, { maxLength: 2 }),
    legacySql: fc.array(sql, { maxLength: 2 }),
    rowsSql: sql,
    upSql: sql,
    downSql: sql,
    before: fc.array(sql, { maxLength: 2 }),
    after: fc.array(sql, { maxLength: 2 }),
    reverted: fc.array(sql, { maxLength: 2 }),
    server: nastyText,
    seed: nastyText,
  },
  { requiredKeys: ['finding', 'migration', 'paths', 'legacySql', 'rowsSql', 'upSql', 'before', 'after', 'reverted', 'server', 'seed'] },
)

const example: CounterexampleInput = {
  finding: exampleFinding({}),
  migration: 'drop-notes',
  paths: ['migrations/drop-notes'],
  legacySql: ['CREATE TABLE items (id int PRIMARY KEY, notes text)'],
  rowsSql: "INSERT INTO items VALUES (1, 'x');",
  upSql: 'ALTER TABLE items DROP COLUMN notes; -- no way back',
  before: ['SELECT * FROM items'],
  after: ['SELECT * FROM items'],
  reverted: [],
  server: '18.4',
  seed: '7',
}

describe('counterexample', () => {
  test('any counterexample gives back its rows to the letter, and what it is about', () => {
    fc.assert(
      fc.property(input, (given) => {
        const { meta, rowsSql } = parseCounterexample(renderCounterexample(given))
        expect(rowsSql).toBe(given.rowsSql)
        expect(meta).toMatchObject({
          finding: given.finding.id,
          kind: given.finding.kind,
          relation: given.finding.relation,
          seed: given.seed,
          paths: given.paths,
        })
      }),
      { numRuns: 500 },
    )
  })

  test('any header is comments only', () => {
    fc.assert(
      fc.property(input, (given) => {
        const [header] = renderCounterexample(given).split('\n\\set QUIET on\n')
        for (const line of (header ?? '').trim().split(/\r\n|\n|\r/)) expect(line).toMatch(/^(--.*)?$/)
      }),
    )
  })

  test('the rows stand between the marker lines', () => {
    expect(renderCounterexample(example)).toContain(`\n-- godwit: begin legacy rows\n${example.rowsSql}\n-- godwit: end legacy rows\n`)
  })

  test.each([
    ['an empty file', ''],
    ['plain SQL', 'SELECT 1;'],
    ['a damaged line', '-- godwit: {"version":1'],
    ['another version', renderCounterexample(example).replace('"version":1', '"version":2')],
    ['lost rows', renderCounterexample(example).replace('-- godwit: end legacy rows', '')],
  ])('%s is refused', (_, text) => {
    expect(() => parseCounterexample(text)).toThrow(InputError)
  })

  test('passwords reach neither the comments nor the machine-readable line', () => {
    const message = 'cannot reach postgres://u:hunter2@h/db'
    expect(renderCounterexample({ ...example, finding: exampleFinding({ message }) })).not.toContain('hunter2')
  })
})
