import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { claim } from 'godwit/vitest'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { importModule } from '../../harness/migration/index.ts'
import { type ScratchRepository, scratchRepository } from '../harness/cli/scratch-repository.ts'
import { openStore } from '../harness/operations/ready-support.ts'
import { readText } from '../stock-batches/passage.ts'

const script = (name: string) => readText(`migrations/order-line-items/${name}.sql`)
const rows = `
  INSERT INTO orders (id, customer_email) VALUES (1, 'ann@example.org'), (2, 'bob@example.org');
  INSERT INTO products (id, sku, name, list_price) VALUES (1, 'A', 'hammer', 9.90), (2, 'B', 'saw', 20);
  INSERT INTO order_line_items (order_id, product_id, position, quantity, unit_price, notes)
    VALUES (1, 1, 1, 3, 9.90, 'gift'), (1, 2, 2, 1, 20, NULL), (2, 2, 1, 5, 18, '');
  CREATE SCHEMA archive; CREATE TABLE archive.order_line_items AS SELECT * FROM order_line_items WHERE position = 1`

/** What an application has of the table, and what only looks like it. */
const application = `
export const key = 'order_line_items_id_seq'
export const statements = [
  'SELECT order_id, sum(quantity) FROM order_line_items GROUP BY order_id ORDER BY order_id',
  \`SELECT order_line_items.id, p.sku FROM public."order_line_items" JOIN products AS p ON p.id = order_line_items.product_id
    ORDER BY order_line_items.id\`,
  "WITH order_line_items AS (SELECT * FROM order_line_items WHERE notes = 'gift') SELECT order_line_items.position FROM order_line_items",
  'SELECT count(*)::int AS order_line_items FROM archive.order_line_items',
  'UPDATE order_line_items SET quantity = order_line_items.quantity + 1 WHERE ' + 'order_line_items.id = 1 RETURNING quantity',
]
`
const rewritten = application
  .replaceAll('FROM order_line_items GROUP', 'FROM order_line_items_v2 GROUP')
  .replaceAll('order_line_items.id, p', 'order_line_items_v2.id, p')
  .replaceAll('"order_line_items" JOIN', '"order_line_items_v2" JOIN')
  .replaceAll('order_line_items.product_id', 'order_line_items_v2.product_id')
  .replaceAll('ORDER BY order_line_items.id', 'ORDER BY order_line_items_v2.id')
  .replaceAll('FROM order_line_items WHERE', 'FROM order_line_items_v2 WHERE')
  .replaceAll('UPDATE order_line_items SET quantity = order_line_items.', 'UPDATE order_line_items_v2 SET quantity = order_line_items_v2.')
  .replaceAll("'order_line_items.id = 1", "'order_line_items_v2.id = 1")

// The program that a team runs on its own code between the two phases.
describe('order-line-items, godwit references', () => {
  let repository: ScratchRepository
  beforeEach(async () => {
    repository = await scratchRepository({
      'src/statements.mts': application,
      'reports/lines.sql': 'SELECT count(*) FROM order_line_items;\n',
      'migrations/lines/legacy.sql': await script('legacy'),
      'migrations/lines/up.sql': await script('up'),
      'migrations/lines/down.sql': await script('down'),
    })
  })
  afterEach(() => repository[Symbol.asyncDispose]())
  const references = (...more: readonly string[]) => repository.runHere(['references', 'order_line_items', 'order_line_items_v2', ...more])
  const read = (file: string) => readFile(join(repository.directory, file), 'utf8')

  claim('OLI-8', 'a program finds the uses of the old name in a code base and shows them, and changes nothing', async () => {
    const { code, stdout } = await references()
    expect([code, stdout.split('\n').at(-2)]).toEqual([1, '10 changes to make in 2 files, nothing is ambiguous'])
    expect(stdout).toContain('-SELECT count(*) FROM order_line_items;\n+SELECT count(*) FROM order_line_items_v2;\n')
    expect(await read('src/statements.mts')).toBe(application)
  })

  claim('OLI-8', 'it rewrites them and logs each change, and leaves migrations and what only looks like a use', async () => {
    const { code, stdout } = await references('--write')
    expect([code, stdout.split('\n').filter((line) => line.includes(' → ')).length]).toEqual([0, 10])
    expect(stdout).toContain('reports/lines.sql:1:22: order_line_items → order_line_items_v2\n')
    expect(await read('src/statements.mts')).toBe(rewritten)
    expect(await read('migrations/lines/up.sql')).toBe(await script('up'))
    expect((await references()).code).toBe(0)
  })

  claim('OLI-8', 'what it has rewritten answers the same, and does without the view of the old name', async () => {
    const answers = async (name: string, sql: string) => {
      // A module is loaded once, so each state of it is one of its own.
      await repository.write({ [name]: await read('src/statements.mts') })
      await using store = await openStore(`${await script('legacy')};${rows};${sql}`)
      const module = await importModule(join(repository.directory, name), name)
      const all: unknown[] = []
      for (const statement of module.statements as readonly string[]) all.push(await store.session.query(statement))
      return all
    }
    const before = await answers('before.mts', 'SELECT')
    await references('--write')
    expect(await answers('after.mts', `${await script('up')};DROP VIEW order_line_items`)).toEqual(before)
  })
})
