import { describe, expect, test } from 'vitest'
import { told, verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = `CREATE TABLE item (id integer PRIMARY KEY, name text NOT NULL, price numeric(10, 2) NOT NULL DEFAULT 0, note text)`
const up = `ALTER TABLE item RENAME COLUMN note TO remark; ALTER TABLE item ALTER COLUMN price SET DEFAULT 1`
const down = `ALTER TABLE item ALTER COLUMN price SET DEFAULT 0; ALTER TABLE item RENAME COLUMN remark TO note`

async function found(files: Readonly<Record<string, string>>) {
  const { findings, notChecked } = await verifyInline(legacy, up, { files: { 'down.sql': down, ...files } })
  return {
    findings: findings
      .filter((each) => each.invariant === 'backward-compatibility')
      .map((each) => told(each).replace(/'[^']*'/g, '…'))
      .toSorted(),
    notChecked: notChecked.filter((each) => each.startsWith('backward-compatibility')),
  }
}

describe('a workload that is given', () => {
  test('in workload.sql: what fails is an error, and what none of it meets is for information', async () => {
    expect(await found({ 'workload.sql': 'SELECT id, name FROM item WHERE id = $1;\nUPDATE item SET note = $1 WHERE id = $2;\n' })).toEqual(
      {
        findings: [
          'error fails: The statement "UPDATE item SET note = $1 WHERE id = $2" fails: column "note" of relation "item" does not exist (42703)',
          'info fails: Queries that name item.note fail: the column is named remark now',
          'info rows: INSERTs that omit item.price store 1 instead of 0',
        ],
        notChecked: [],
      },
    )
  })

  test('in the contract: its values are taken, and its names stand in findings', async () => {
    expect(
      await found({
        'contract.ts': `export default { workload: [
          { name: 'add an item', sql: 'INSERT INTO item (id, name) VALUES ($1, $2) RETURNING price', parameters: [-1, 'new'] },
          'DELETE FROM item WHERE name = $1 RETURNING id',
        ] }`,
      }),
    ).toEqual({
      findings: [
        'error rows: The statement "add an item" returns … in price instead of …',
        'info fails: Queries that name item.note fail: the column is named remark now',
        'info rows: INSERTs that omit item.price store 1 instead of 0',
      ],
      notChecked: [],
    })
  })

  test('as pg_stat_statements keeps it: constants replaced, and the types of parameters unknown', async () => {
    expect(await found({ 'workload.sql': 'SELECT id FROM item WHERE price > $1 AND name LIKE $2 ORDER BY id LIMIT $3;\n' })).toEqual({
      findings: [
        'info fails: Queries that name item.note fail: the column is named remark now',
        'info rows: INSERTs that omit item.price store 1 instead of 0',
      ],
      notChecked: [],
    })
  })

  test('says which statements fail on the legacy database already', async () => {
    expect(await found({ 'workload.sql': 'SELECT nothing FROM item;\nSELECT id FROM item;\n' })).toEqual({
      findings: [
        'info fails: Queries that name item.note fail: the column is named remark now',
        'info rows: INSERTs that omit item.price store 1 instead of 0',
      ],
      notChecked: [
        'backward-compatibility: "SELECT nothing FROM item" fails on the legacy database too: column "nothing" does not exist (42703)',
      ],
    })
  })
})
