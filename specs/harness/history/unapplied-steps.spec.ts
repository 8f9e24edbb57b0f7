import { describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/verify.ts'
import type { VerifyResult } from '../../../harness/result/result.ts'
import type { VerifyOptions } from '../../../harness/verify/options.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { writtenFiles } from './written-history.ts'

async function verifyFiles(files: Readonly<Record<string, string>>, options: VerifyOptions = {}): Promise<VerifyResult> {
  await using written = await writtenFiles(files)
  return (await verifyOn(await useCluster(), await readSources([written.path], options), { runs: 6, ...options }, {})).result
}

const verdicts = (result: VerifyResult) => Object.fromEntries(result.migrations.map((each) => [each.name, each.verdict]))
const reasonOf = (result: VerifyResult, name: string) => result.migrations.find((each) => each.name === name)?.notChecked.join() ?? ''

const people = 'CREATE TABLE people (id bigint PRIMARY KEY, fullname text NOT NULL);'
const block = (up: string, down = '') => `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`

describe('a step that its tool would refuse', () => {
  test('is unknown, and the steps before and behind it are judged', async () => {
    const result = await verifyFiles({
      '1_people.sql': block(people, 'DROP TABLE people;'),
      '2_indented.sql': '-- migrate:up\nCREATE TABLE pets (id bigint PRIMARY KEY);\n  -- migrate:down\nDROP TABLE pets;\n',
      '3_pets.sql': block('ALTER TABLE pets ADD COLUMN name text;', 'ALTER TABLE pets DROP COLUMN name;'),
      '4_nick.sql': block('ALTER TABLE people ADD COLUMN nick text;', 'ALTER TABLE people DROP COLUMN nick;'),
      '5_drop.sql': block(
        'ALTER TABLE people DROP COLUMN fullname;',
        "ALTER TABLE people ADD COLUMN fullname text NOT NULL DEFAULT ''; ALTER TABLE people ALTER fullname DROP DEFAULT;",
      ),
    })
    expect(verdicts(result)).toEqual({
      '1_people.sql': 'holds',
      '2_indented.sql': 'unknown',
      '3_pets.sql': 'unknown',
      '4_nick.sql': 'holds',
      '5_drop.sql': 'violated',
    })
    expect(reasonOf(result, '2_indented.sql')).toMatch(/dbmate cannot apply it: .*2_indented\.sql:3: "-- migrate:down" has blanks in front/)
    expect(reasonOf(result, '3_pets.sql')).toMatch(
      /3_pets\.sql:2: relation "pets" does not exist \(42P01\); it may follow from "2_indented\.sql"/,
    )
    expect(result.sources[0]?.brokenAt?.hint).toBe(
      'It may follow from the step "2_indented.sql", which cannot be applied by its tool and was not run.',
    )
  })

  test('leaves open what it may have prevented, and only that', async () => {
    const files = {
      '1.sql': `${people} CREATE TABLE pets (id bigint PRIMARY KEY, name text);`,
      '2.sql': 'ALTER TABLE people ADD COLUMN display text; UPDATE people SET display = fullname WHERE;',
      '3.sql': 'ALTER TABLE people DROP COLUMN fullname;',
      '4.sql': 'ALTER TABLE pets DROP COLUMN name;',
    }
    const result = await verifyFiles(files)
    expect(verdicts(result)).toEqual({ '1.sql': 'holds', '2.sql': 'unknown', '3.sql': 'unknown', '4.sql': 'violated' })
    expect(result.migrations[2]?.findings[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('the earlier step "2.sql"'),
    })
    expect(verdicts(await verifyFiles(files, { only: ['3.sql'] }))).toEqual({ '3.sql': 'unknown' })
  })
})

describe('a step that does not apply', () => {
  const files = {
    '1.up.sql': people,
    '1.down.sql': 'DROP TABLE people;',
    '2.up.sql': 'CREATE TABLE pets (id bigint PRIMARY KEY);\nUPDATE nowhere SET x = 1;\nCREATE TABLE toys (id int);',
    '2.down.sql': 'DROP TABLE toys; DROP TABLE pets;',
    '3.up.sql': 'ALTER TABLE pets ADD COLUMN name text;',
    '3.down.sql': 'ALTER TABLE pets DROP COLUMN name;',
    '4.up.sql': 'ALTER TABLE nowhere ADD COLUMN y int;',
    '4.down.sql': 'ALTER TABLE nowhere DROP COLUMN y;',
    '5.up.sql': 'ALTER TABLE elsewhere ADD COLUMN y int;',
    '5.down.sql': 'ALTER TABLE elsewhere DROP COLUMN y;',
    '6.up.sql': 'ALTER TABLE toys ADD COLUMN z int;',
    '6.down.sql': 'ALTER TABLE toys DROP COLUMN z;',
  }

  test('is unknown with its place, as are those that follow from it, and the way back is tried behind the last of them', async () => {
    const result = await verifyFiles(files)
    expect(Object.values(verdicts(result))).toEqual(['holds', 'unknown', 'holds', 'unknown', 'unknown', 'holds'])
    expect(reasonOf(result, '2.up.sql')).toMatch(/2\.up\.sql:2: relation "nowhere" does not exist \(42P01\)$/)
    expect(reasonOf(result, '4.up.sql')).toMatch(/\(42P01\); it may follow from "2\.up\.sql", which does not apply as a whole$/)
    expect(reasonOf(result, '5.up.sql')).toMatch(/"elsewhere" does not exist \(42P01\)$/)
    expect(result.sources[0]?.endToEnd).toEqual({ steps: 1, verdict: 'holds', because: '' })
  })

  test('is named as the cause also where only a later step is verified', async () => {
    const result = await verifyFiles(files, { only: ['4.up.sql'] })
    expect(verdicts(result)).toEqual({ '4.up.sql': 'unknown' })
    expect(reasonOf(result, '4.up.sql')).toContain('it may follow from "2.up.sql"')
  })

  test('is not applied twice where a part of it stayed', async () => {
    const result = await verifyFiles({
      '1.sql': 'CREATE TABLE kinds (name text);',
      '2.sql': "-- godwit: no-transaction\nINSERT INTO kinds VALUES ('a');\nUPDATE nowhere SET x = 1;\nINSERT INTO kinds VALUES ('b');",
      '3.sql': 'ALTER TABLE kinds ADD PRIMARY KEY (name);',
    })
    expect(result.migrations[2]?.findings.filter((each) => each.message.includes('23505')).map((each) => each.evidence)).not.toContainEqual(
      expect.objectContaining({ regime: 'empty' }),
    )
    expect(reasonOf(result, '3.sql')).not.toContain('does not apply')
  })

  test('leaves open whether a column that it was to copy is lost', async () => {
    const result = await verifyFiles({
      '1.sql': people,
      '2.sql': 'ALTER TABLE people ADD COLUMN display text;\nUPDATE people SET display = fullname;\nUPDATE nowhere SET x = 1;',
      '3.sql': 'ALTER TABLE people DROP COLUMN fullname;',
    })
    expect(verdicts(result)).toEqual({ '1.sql': 'holds', '2.sql': 'unknown', '3.sql': 'unknown' })
  })
})
