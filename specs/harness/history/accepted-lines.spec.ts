import { describe, expect, test } from 'vitest'
import { acceptedLines } from '../../../harness/history/accepted-lines.ts'
import { readSources } from '../../../harness/history/index.ts'
import { resultSchema } from '../../../harness/result/index.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { writtenFiles } from './written-history.ts'

const legacy = 'CREATE TABLE items (id int PRIMARY KEY, notes text, title text);'
const comment = '-- godwit: accept zero-loss because they were archived until 2999-01-31 by ana'

async function waiversOf(up: string) {
  await using folder = await writtenFiles({ 'legacy.sql': legacy, 'up.sql': up })
  return acceptedLines(await readSources([folder.path], {})).map(({ at, ...waiver }) => ({ ...waiver, lines: [at?.from, at?.to] }))
}

const by = { invariant: 'zero-loss', kind: undefined, owner: 'ana', reason: 'they were archived', expires: '2999-01-31' }

describe('a comment that accepts what a statement is found to do', () => {
  test.each<[string, string, readonly [number, number]]>([
    ['above its statement', `SELECT 1;\n${comment}\nALTER TABLE items\n  DROP COLUMN notes;\nSELECT 2;`, [3, 4]],
    ['above, with a line between', `${comment}\n\n-- what follows is old\nALTER TABLE items DROP COLUMN notes;`, [4, 4]],
    ['at the end of its line', `SELECT 1;\nALTER TABLE items DROP COLUMN notes; ${comment}\nSELECT 2;`, [2, 2]],
    ['within it', `ALTER TABLE items\n${comment}\n  DROP COLUMN notes;`, [1, 3]],
    ['in a block', `/* ${comment.slice(3)} */ ALTER TABLE items DROP COLUMN notes;`, [1, 1]],
    [
      'over several lines',
      `${comment.replace(' until', '\n--   until')}\n-- and something else\nALTER TABLE items DROP COLUMN notes;`,
      [4, 4],
    ],
  ])('%s', async (_, up, lines) => {
    expect(await waiversOf(up)).toEqual([{ ...by, lines }])
  })

  test('may name a kind, and give a reason that has its words in it', async () => {
    const up = '-- godwit: accept zero-loss/cell-lost because it is kept until 2026-01-01 by law until 2999-01-31 by ana and ben\nSELECT 1;'
    const reason = 'it is kept until 2026-01-01 by law'
    expect(await waiversOf(up)).toEqual([{ ...by, kind: 'cell-lost', reason, owner: 'ana and ben', lines: [2, 2] }])
  })

  test('in a text or in the body of a function is none', async () => {
    expect(await waiversOf(`SELECT '${comment}';\nDO $$ BEGIN ${comment}\nEND $$;`)).toEqual([])
  })

  test.each([
    ['-- godwit: accept', '"godwit: accept" does not name an invariant'],
    ['-- godwit: accept zero-loss until 2999-01-31 by ana', '"godwit: accept" gives no reason ("because …")'],
    ['-- godwit: accept zero-loss because old by ana', '"godwit: accept" gives no last day ("until 2027-01-31")'],
    ['-- godwit: accept zero-loss because old until 2999-01-31', '"godwit: accept" does not say who accepts it ("by …")'],
    ['-- godwit: accept zero-loss because old by ana until 2999-01-31', '"godwit: accept" has its parts in another order'],
    ['-- godwit: accept zero-loss because old until 2999-02-30 by ana', '"until 2999-02-30" is not an ISO date such as "2027-01-31"'],
    ['-- godwit: accept zero-loss because old until soon by ana', '"until soon" is not an ISO date such as "2027-01-31"'],
  ])('that is malformed is refused at its line: %s', async (text, message) => {
    await expect(waiversOf(`SELECT 1;\n  ${text}\nSELECT 2;`)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringMatching(new RegExp(`up\\.sql:2: ${message.replaceAll(/[()….]/g, '.')}$`)),
      detail: `  ${text}\n  ^`,
    })
  })

  test('below the last statement is refused, since it accepts nothing', async () => {
    await expect(waiversOf(`SELECT 1;\n${comment}\n`)).rejects.toThrow(/up\.sql:2: "godwit: accept" stands after the last statement/)
  })

  test('in a step of a history knows the line of the file, whatever its sections', async () => {
    const files = {
      '001_a.sql': `-- +goose Up\nSELECT 1;\n${comment}\nSELECT 2;\n-- +goose Down\n${comment}\nSELECT 3;\n`,
      '002_b.sql': '-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n',
    }
    await using folder = await writtenFiles(files)
    const waivers = acceptedLines(await readSources([folder.path], {}))
    expect(waivers.map(({ at }) => [at?.file.endsWith('001_a.sql'), at?.from])).toEqual([
      [true, 4],
      [true, 7],
    ])
  })
})

describe('godwit verify', () => {
  test('accepts what such a comment names in its statement alone, shows it, and names one that nothing uses', {
    timeout: 120_000,
  }, async () => {
    const drops = `${comment}\nALTER TABLE items DROP COLUMN notes;\n`
    await using repository = await scratchRepository({
      'a/legacy.sql': legacy,
      'a/up.sql': `${comment.replace('zero-loss', 'determinism')}\n${drops}`,
      'b/legacy.sql': legacy,
      'b/up.sql': `${drops}ALTER TABLE items DROP COLUMN title;\n`,
    })
    const ran = await repository.run(['verify', 'a', 'b', '--runs', '2', '--json'])
    const { migrations } = resultSchema.parse(JSON.parse(ran.stdout))
    const losses = migrations.map(({ findings }) =>
      findings.filter(({ invariant }) => invariant === 'zero-loss').map(({ attribute, waived }) => [attribute, waived?.owner ?? null]),
    )
    expect([ran.code, migrations.map(({ verdict }) => verdict), losses]).toEqual([
      1,
      ['holds', 'violated'],
      [
        [['notes', 'ana']],
        [
          ['notes', 'ana'],
          ['title', null],
        ],
      ],
    ])
    expect(ran.stderr).toContain('the waiver of ana for determinism on a/up.sql:3 is not used: nothing that it speaks of was found')
  })
})
