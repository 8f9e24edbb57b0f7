import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = 'CREATE TABLE remark (id int PRIMARY KEY, author text NOT NULL, body text, mood text)'
const table = 'CREATE TABLE remark_text (remark_id int PRIMARY KEY REFERENCES remark, author text, body text, mood text);'

async function told(up: string, before = legacy): Promise<readonly string[]> {
  const { findings } = await verifyInline(before, up, { runs: 30 })
  return findings.flatMap((each) =>
    each.invariant === 'zero-loss' && each.severity !== 'info' ? [`${each.severity} ${each.kind} ${each.attribute ?? each.object}`] : [],
  )
}

describe('a copy in a new table, while the old one stays', () => {
  test('that leaves rows out is a warning', async () => {
    expect(await told(`${table} INSERT INTO remark_text SELECT * FROM remark WHERE mood IS NOT NULL`)).toEqual([
      'warning copy-incomplete public.remark_text',
    ])
  })

  test('whose join leaves out rows that refer to nothing is a warning', async () => {
    const linked = `CREATE TABLE place (id int PRIMARY KEY); CREATE TABLE dose (id int PRIMARY KEY, place int REFERENCES place, lot text NOT NULL, given date NOT NULL)`
    const up = `CREATE TABLE register (dose int PRIMARY KEY REFERENCES dose, place int NOT NULL REFERENCES place, lot text NOT NULL, given date NOT NULL);
      INSERT INTO register SELECT d.id, p.id, d.lot, d.given FROM dose AS d JOIN place AS p ON p.id = d.place`
    expect(await told(up, linked)).toEqual(['warning copy-incomplete public.register'])
  })

  test('of what may be NULL has no row where all of it is', async () => {
    const stocked = `CREATE TABLE thing (id int PRIMARY KEY, name text NOT NULL, stock int, shelf text)`
    const up = `CREATE TABLE batch (thing int PRIMARY KEY REFERENCES thing, name text NOT NULL, stock int, shelf text);
      INSERT INTO batch SELECT id, name, stock, shelf FROM thing WHERE num_nonnulls(stock, shelf) > 0`
    expect(await told(up, stocked)).toEqual([])
  })

  test('that changes every value is a warning for each column', async () => {
    expect((await told(`${table} INSERT INTO remark_text SELECT id, upper(author), left(body, 12), mood FROM remark`)).toSorted()).toEqual([
      'warning cell-altered author',
      'warning cell-altered body',
    ])
  })

  test('that has every row as it is is sound', async () => {
    expect(await told(`${table} INSERT INTO remark_text SELECT * FROM remark`)).toEqual([])
  })

  test('of one column of many, or with the folded value beside the value itself, is a table of its own', async () => {
    expect(
      await told(
        'CREATE TABLE angry (remark_id int PRIMARY KEY, author text); INSERT INTO angry SELECT id, author FROM remark WHERE mood IS NULL',
      ),
    ).toEqual([])
    const beside = `${table} ALTER TABLE remark_text ADD author_folded text; INSERT INTO remark_text SELECT id, author, body, mood, lower(author) FROM remark`
    expect(await told(beside)).toEqual([])
  })
})
