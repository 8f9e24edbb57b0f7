import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = `CREATE TABLE orders (id int PRIMARY KEY, note text NOT NULL, gone_at timestamptz);
  CREATE TABLE lines (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders ON DELETE CASCADE, what text NOT NULL);
  CREATE TABLE labels (id int PRIMARY KEY, line_id int NOT NULL REFERENCES lines ON DELETE CASCADE, code text NOT NULL);
  CREATE TABLE visits (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE SET NULL, page text NOT NULL);
  CREATE TABLE calls (id int PRIMARY KEY, order_id int DEFAULT 0 REFERENCES orders ON DELETE NO ACTION, page text NOT NULL)`

/** Each loss by what it is of, and the loss that it follows from. */
async function losses(up: string) {
  const { findings } = await verifyInline(legacy, up, { runs: 30 })
  const subject = ({ relation, attribute }: (typeof findings)[number]) => [relation, attribute].filter((each) => each !== null).join('.')
  const found = findings.filter(({ invariant, severity }) => invariant === 'zero-loss' && severity !== 'info')
  return new Map(
    found.map((each) => {
      const cause = findings.find(({ id }) => id === each.cause)
      return [subject(each), { cause: cause === undefined ? null : subject(cause), message: each.message }] as const
    }),
  )
}

describe('what a key takes along', () => {
  test('follows from the loss of the rows that it refers to, with the key that it came through', async () => {
    const found = await losses('DELETE FROM calls; DELETE FROM orders WHERE gone_at IS NOT NULL')
    expect([...found].map(([subject, { cause }]) => [subject, cause]).toSorted()).toEqual([
      ['public.calls', null],
      ['public.labels', 'public.lines'],
      ['public.lines', 'public.orders'],
      ['public.orders', null],
      ['public.visits.order_id', 'public.orders'],
    ])
    expect(found.get('public.lines')?.message).toContain('"lines_order_id_fkey" is ON DELETE CASCADE')
    expect(found.get('public.visits.order_id')?.message).toContain('"visits_order_id_fkey" is ON DELETE SET NULL')
  })

  test('and what goes by itself follows from nothing', async () => {
    const found = await losses("DELETE FROM lines WHERE what = ''; UPDATE visits SET order_id = NULL")
    expect([...found].map(([subject, { cause }]) => [subject, cause]).toSorted()).toEqual([
      ['public.labels', 'public.lines'],
      ['public.lines', null],
      ['public.visits.order_id', null],
    ])
  })

  test('rows that go besides those that a key takes are a loss of their own', async () => {
    const found = await losses("DELETE FROM calls; DELETE FROM orders WHERE gone_at IS NOT NULL; DELETE FROM lines WHERE what = ''")
    expect([found.get('public.orders')?.cause, found.get('public.lines')?.cause]).toEqual([null, null])
  })

  test('nor do rows that only go together with those that a key takes', async () => {
    const found = await losses(`DELETE FROM calls;
      DELETE FROM lines AS a USING lines AS b JOIN orders AS o ON o.id = b.order_id WHERE o.gone_at IS NOT NULL AND a.what = b.what;
      DELETE FROM orders WHERE gone_at IS NOT NULL`)
    expect([found.get('public.orders')?.cause, found.get('public.lines')?.cause]).toEqual([null, null])
  })

  test('statements that refer to lost rows follow from the loss', async () => {
    const { findings } = await verifyInline(legacy, 'DELETE FROM calls; DELETE FROM orders WHERE gone_at IS NOT NULL', { runs: 30 })
    const refused = findings.filter(({ invariant, kind }) => invariant === 'backward-compatibility' && kind === 'fails')
    expect(refused.length).toBeGreaterThan(1)
    expect(refused.filter(({ cause }) => cause === null)).toEqual([])
  })
})
