import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { StatementText } from '../../../harness/coverage/statement-text.ts'
import { everyNode, fieldsOf, parseScript } from '../../../harness/migration/index.ts'

const where = (text: StatementText) => [...everyNode(text.tree)].find(({ fields }) => fields.whereClause !== undefined)?.fields.whereClause

describe('the text of a part of a statement', () => {
  test.each([
    ['SELECT a FROM t WHERE a > 1 AND b', 'a > 1 AND b'],
    ['SELECT a FROM t WHERE (a > 1) GROUP BY a', '(a > 1)'],
    ["DELETE FROM t WHERE é = 'ü' -- and\n AND x::int BETWEEN 1 AND 2 RETURNING *", "é = 'ü' -- and\n AND x::int BETWEEN 1 AND 2"],
    ['UPDATE t SET a = 1 WHERE NOT (a IN (SELECT b FROM u WHERE u.c = t.c))', 'NOT (a IN (SELECT b FROM u WHERE u.c = t.c))'],
    ['UPDATE t SET a = 1 WHERE (t.c).d IS NULL', '(t.c).d IS NULL'],
  ])('of %j is found by its tokens', (sql, found) => {
    const text = new StatementText(sql)
    const shown = text.expression(where(text))
    // Brackets around the whole mean nothing, and may be left out.
    expect([found, found.replace(/^\((.*)\)$/, '$1')]).toContain(shown)
  })

  test('of WITH ends before the query that is asked for', () => {
    const text = new StatementText('WITH a AS (SELECT 1 AS x), b (y) AS (SELECT x FROM a WHERE x IN (1, 2)) SELECT y FROM b')
    const clause = fieldsOf(text.tree, 'SelectStmt')?.withClause as { readonly ctes: readonly unknown[] }
    expect(text.with(clause)).toBe('WITH a AS (SELECT 1 AS x), b (y) AS (SELECT x FROM a WHERE x IN (1, 2))')
    expect(text.with(clause, clause.ctes[1])).toBe('WITH a AS (SELECT 1 AS x)')
    expect(text.with(clause, clause.ctes[0])).toBe('')
    expect(text.with(undefined)).toBe('')
  })

  test('is found for nearly every FROM, WHERE, join and query of every fourth pair', () => {
    let [found, missed] = [0, 0]
    for (const folder of readdirSync('fixtures/corpus').filter((_, at) => at % 4 === 0)) {
      for (const file of ['up.sql', 'down.sql']) {
        const path = `fixtures/corpus/${folder}/${file}`
        if (!existsSync(path)) continue
        for (const statement of parseScript(file, readFileSync(path, 'utf8')).statements) {
          if (!/^(Insert|Update|Delete|Select)Stmt$/.test(statement.node)) continue
          const text = new StatementText(statement.text)
          for (const { name, fields } of everyNode(text.tree)) {
            const parts = [
              ...(fields.whereClause === undefined ? [] : [text.expression(fields.whereClause)]),
              ...(fields.fromClause === undefined ? [] : [text.from(fields.fromClause)]),
              ...(name === 'SelectStmt' ? [text.query(fields)] : []),
              ...(name === 'JoinExpr' ? [text.from(fields.larg), text.from(fields.rarg)] : []),
            ]
            found += parts.filter((part) => part !== undefined).length
            missed += parts.filter((part) => part === undefined).length
          }
        }
      }
    }
    expect(found).toBeGreaterThan(200)
    expect(missed / (found + missed)).toBeLessThan(0.01)
  })
})
