import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { readSources, replay, verifyOn } from '../../../harness/history/index.ts'
import type { Contract } from '../../../harness/migration/index.ts'
import type { MigrationResult } from '../../../harness/result/index.ts'
import { writtenFiles } from '../history/written-history.ts'
import { verifyInline } from './verify-inline.ts'

type Mapping = NonNullable<Contract['mappings']>[number]

function declaring(contract: unknown): { readonly runs: number; readonly files: Readonly<Record<string, string>> } {
  return { runs: 10, files: { 'contract.ts': `export default ${JSON.stringify(contract)}` } }
}

function mapped(legacy: string, up: string, ...mappings: readonly Mapping[]): Promise<MigrationResult> {
  return verifyInline(legacy, up, declaring({ mappings }))
}

function told({ findings }: MigrationResult): readonly string[] {
  return findings.flatMap(({ invariant, severity, kind, message }) =>
    invariant === 'zero-loss' && severity !== 'info' ? [`${severity} ${kind}: ${message}`] : [],
  )
}

function entry({ lineage }: MigrationResult, from: string) {
  const { to, fate, known, transform } = lineage.find((each) => each.from === from) ?? {}
  return { to, fate, known, transform }
}

const people = 'CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL, note text)'
const digests = (of: string) => `CREATE TABLE digest AS SELECT id, ${of} AS email_hash FROM person; ALTER TABLE person DROP COLUMN email`
const hashed: Mapping = { from: 'public.person.email', to: 'public.digest.email_hash', transform: 'recoded' }

const items = 'CREATE TABLE items (id int PRIMARY KEY, sku text NOT NULL, notes text)'
const moved = `CREATE TABLE stock (item_id int PRIMARY KEY, code text, notes text);
  INSERT INTO stock SELECT id, sku, notes FROM items; ALTER TABLE items DROP COLUMN notes`

describe('a declared mapping is used', () => {
  test('where inference finds nothing, a value that was recoded row by row is followed', async () => {
    const without = await mapped(people, digests('md5(email)'))
    expect(told(without)).toEqual([expect.stringContaining('error cell-lost: person.email is lost')])
    const result = await mapped(people, digests('md5(email)'), hashed)
    expect(told(result)).toEqual([])
    expect(entry(result, 'public.person.email')).toEqual({
      to: ['public.digest.email_hash'],
      fate: 'moved',
      known: 'declared',
      transform: 'recoded',
    })
  })

  test('and two values that became one are merged there', async () => {
    const result = await mapped(people, digests('left(md5(email), 1)'), hashed)
    expect(told(result)).toContainEqual(expect.stringMatching(/error cell-altered: .*is declared to go to digest\.email_hash/))
  })

  test('without a transform it is the one that banded rows show, and a copy that inference finds is declared', async () => {
    const result = await mapped(items, moved, { from: 'public.items.notes', to: 'public.stock.notes' })
    expect(told(result)).toEqual([])
    expect(entry(result, 'public.items.notes')).toEqual({
      to: ['public.stock.notes'],
      fate: 'moved',
      known: 'declared',
      transform: 'identical',
    })
    expect(entry(result, 'public.items.sku').known).toBe('observed')
  })

  test('a path behind a foreign key is followed, and names may be quoted', async () => {
    const result = await mapped(
      'CREATE TABLE task (id int PRIMARY KEY, owner text NOT NULL)',
      `CREATE TABLE owner (no int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE);
       INSERT INTO owner (name) SELECT DISTINCT owner FROM task;
       ALTER TABLE task ADD owner_no int REFERENCES owner; UPDATE task SET owner_no = no FROM owner WHERE name = owner;
       ALTER TABLE task DROP owner`,
      { from: 'public."task".owner', to: 'public.owner.name' },
    )
    expect(told(result)).toEqual([])
    expect(entry(result, 'public.task.owner')).toMatchObject({ to: ['public.owner.name'], known: 'declared', fate: 'moved' })
  })

  test('a transform that loses is followed, and excuses no loss', async () => {
    const up = 'ALTER TABLE items ADD tag text; UPDATE items SET tag = left(notes, 8); ALTER TABLE items DROP COLUMN notes'
    const result = await mapped(items, up, { from: 'public.items.notes', to: 'public.items.tag', transform: 'truncated' })
    expect(told(result)).toEqual([expect.stringContaining('error cell-altered: items.notes loses its end')])
    expect(entry(result, 'public.items.notes')).toMatchObject({ to: ['public.items.tag'], known: 'declared', fate: 'altered' })
  })

  test('in a history, of the step that declares it alone', async () => {
    await using folder = await writtenFiles({
      '001_people.sql': people,
      '002_digest.sql': 'CREATE TABLE digest AS SELECT id, md5(email) AS email_hash FROM person',
      '003_drop.sql': 'ALTER TABLE person DROP COLUMN email',
      '004_more.sql': 'CREATE TABLE person_more (id int, email text)',
    })
    const verify = async (contracts: Readonly<Record<string, Contract>>) => {
      const { result } = await verifyOn(await useCluster(), await readSources([folder.path], {}), { runs: 5, contracts }, {})
      return result.migrations.map((each) => [each.name, ...told(each).map((text) => text.split(':')[0])])
    }
    expect(await verify({})).toEqual([['001_people.sql'], ['002_digest.sql'], ['003_drop.sql', 'error cell-lost'], ['004_more.sql']])
    const also: Mapping = { from: 'public.person.note', to: 'public.person_more.email' }
    expect(await verify({ '002_digest.sql': { mappings: [hashed] }, '004_more.sql': { mappings: [also] } })).toEqual([
      ['001_people.sql'],
      ['002_digest.sql'],
      ['003_drop.sql'],
      ['004_more.sql', 'error cell-lost'],
    ])
  }, 120_000)
})

describe('a declared mapping is checked', () => {
  test('values that are not there are an error, though they stand elsewhere', async () => {
    const result = await mapped(items, moved, { from: 'public.items.notes', to: 'public.stock.code' })
    expect(told(result)).toEqual([
      expect.stringContaining('error cell-altered: items.notes is declared to go to stock.code, but its values are not there:'),
    ])
    expect(result.verdict).toBe('violated')
    expect(result.findings[0]).toMatchObject({ invariant: 'zero-loss', object: 'public.stock.code', cause: null })
    expect(entry(result, 'public.items.notes')).toMatchObject({ known: 'declared', fate: 'altered' })
  })

  test('and its counterexample shows it again, until the mapping is right', async () => {
    const contract = (to: string) => `export default ${JSON.stringify({ mappings: [{ from: 'public.items.notes', to }] })}`
    const pair = (to: string) => writtenFiles({ 'pair/legacy.sql': items, 'pair/up.sql': moved, 'pair/contract.ts': contract(to) })
    await using wrong = await pair('public.stock.code')
    const { counterexamples } = await verifyOn(await useCluster(), await readSources([`${wrong.path}/pair`], {}), { runs: 1 }, {})
    const example = [...counterexamples.values()].find(({ finding }) => finding.invariant === 'zero-loss')
    if (example === undefined) throw new Error('no counterexample')
    const { finding, seed, rowsSql, migration } = example
    const again = (path: string) =>
      replay({
        paths: [`${path}/pair`],
        migration,
        finding: finding.id,
        invariant: finding.invariant,
        relation: finding.relation,
        seed,
        rowsSql,
      })
    expect(await again(wrong.path)).toEqual({ violates: true, message: expect.stringContaining('is declared to go to stock.code') })
    await using right = await pair('public.stock.notes')
    expect(await again(right.path)).toMatchObject({ violates: false })
  }, 120_000)

  test('rows that are shared out among two places are in one of them', async () => {
    const shared = (rest: string) => `CREATE TABLE low AS SELECT id, md5(sku) AS hash FROM items WHERE id % 2 = 0;
      CREATE TABLE high AS SELECT id, ${rest} AS hash FROM items WHERE id % 2 <> 0; ALTER TABLE items DROP COLUMN sku`
    const to = (table: string): Mapping => ({ from: 'public.items.sku', to: `public.${table}.hash`, transform: 'recoded' })
    expect(told(await mapped(items, shared('md5(sku)'), to('low'), to('high')))).toEqual([])
    expect(told(await mapped(items, shared("'x'::text"), to('low'), to('high')))).toContainEqual(
      expect.stringContaining('items.sku is declared to go to high.hash (recoded), but its values are not there'),
    )
  })

  test('in a relation that holds no row of it too', async () => {
    const result = await mapped(items, `${moved}; CREATE TABLE nobody (notes text)`, {
      from: 'public.items.notes',
      to: 'public.nobody.notes',
    })
    expect(told(result)).toEqual([
      expect.stringContaining('error cell-lost: items.notes is declared to go to nobody.notes, but its values are not there:'),
    ])
  })

  test('and by another transform than the declared one', async () => {
    const mapping: Mapping = { from: 'public.items.notes', to: 'public.stock.notes', transform: 'scaled' }
    expect(told(await mapped(items, moved, mapping))).toEqual([
      expect.stringContaining('is declared to go to stock.notes (scaled), but its values are not there'),
    ])
  })

  test('what is discarded as a whole and mapped in part is looked for', async () => {
    const contract = {
      discards: [{ path: 'public.person', because: 'nobody asked' }],
      mappings: [{ from: 'public.person.note', to: 'public.kept.note' }],
    }
    const up = (of: string) => `CREATE TABLE kept AS SELECT id, ${of} AS note FROM person; DROP TABLE person`
    expect(told(await verifyInline(people, up('note'), declaring(contract)))).toEqual([])
    expect(told(await verifyInline(people, up("'x'::text"), declaring(contract)))).toEqual([
      expect.stringContaining('person.note is declared to go to kept.note, but its values are not there'),
    ])
  })

  test('a mapping from what is not there is no input, and the closest is named', async () => {
    await expect(mapped(items, moved, { from: 'public.items.note', to: 'public.stock.notes' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /"godwit-inline-\w+": the mapping of public\.items\.note to public\.stock\.notes: there is no attribute public\.items\.note before it/,
      ),
      hint: expect.stringContaining('public.items.notes'),
    })
  })

  test('nor one to what is not there', async () => {
    await expect(mapped(items, moved, { from: 'public.items.notes', to: 'public.stok.notes' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('there is no attribute public.stok.notes after it'),
      hint: expect.stringContaining('public.stock.notes'),
    })
    await expect(mapped(items, moved, { from: 'public.items.notes', to: 'public.items.notes' })).rejects.toMatchObject({ exitCode: 2 })
  })

  test('nor one to a view, of which no rows are compared', async () => {
    const up = `${moved}; CREATE VIEW seen AS SELECT * FROM stock`
    await expect(mapped(items, up, { from: 'public.items.notes', to: 'public.seen.notes' })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('public.seen is a view'),
    })
  })

  test('nor a transform that nobody knows', async () => {
    const contract = { mappings: [{ ...hashed, transform: 'in cents' }] }
    await expect(verifyInline(people, digests('md5(email)'), declaring(contract))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/mappings\[0\]\.transform: expected one of "identical"\|.*"scaled"/),
    })
  })

  test('what no row could show is said to be unknown', async () => {
    const result = await mapped(items, `${moved}; ALTER TABLE stock ADD CHECK (notes IS NULL AND code IS NULL AND item_id IS NULL)`, {
      from: 'public.items.notes',
      to: 'public.stock.notes',
    })
    const zeroLoss = result.invariants.find(({ id }) => id === 'zero-loss')
    expect(zeroLoss).toMatchObject({
      verdict: 'unknown',
      because: expect.stringContaining(
        'the mapping of public.items.notes to public.stock.notes was not seen: up fails on all generated rows',
      ),
    })
  })
})

test('a declared reference from or to what is not there is refused, and the closest name is told', async () => {
  const legacy = `${items}; CREATE TABLE order_lines (id int PRIMARY KEY, sku text)`
  const referring = (from: string, to: string) =>
    verifyInline(legacy, 'ALTER TABLE items ADD seen boolean', declaring({ references: [{ from, to }] }))
  await expect(referring('public.order_lines.skus', 'public.items.sku')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(
      'the reference of public.order_lines.skus to public.items.sku: there is no attribute public.order_lines.skus before',
    ),
    hint: expect.stringContaining('public.order_lines.sku'),
  })
  await expect(referring('public.order_lines.sku', 'public.items.seen')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('there is no attribute public.items.seen before'),
  })
})

test('a discard is shown with its reason', async () => {
  const result = await verifyInline(
    items,
    'ALTER TABLE items DROP COLUMN notes',
    declaring({ discards: [{ path: 'public.items.notes', because: 'nobody reads them' }] }),
  )
  expect(result.lineage.find(({ from }) => from === 'public.items.notes')).toMatchObject({
    fate: 'discarded',
    because: 'nobody reads them',
  })
  expect(result.lineage.find(({ from }) => from === 'public.items.sku')).not.toHaveProperty('because')
})
