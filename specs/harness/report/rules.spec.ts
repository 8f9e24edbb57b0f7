import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { invariants, ruleOf, rulesOf } from '../../../harness/invariants/index.ts'

const rules = rulesOf()
const known = new Set(rules.map((rule) => rule.id))

describe('rules', () => {
  test('every invariant has kinds, and its rules are in the table', () => {
    expect(invariants.filter((each) => Object.keys(each.rules).length === 0)).toEqual([])
    expect(new Set(rules.map(({ id }) => id.split('/')[0]))).toEqual(new Set(invariants.map(({ id }) => id)))
  })

  test('every kind that stands in the source of an invariant has a rule', () => {
    const root = 'harness/invariants'
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    const written = sources.flatMap((name) =>
      [...readFileSync(join(root, name), 'utf8').matchAll(/invariant: '([\w-]+)',\s+kind: '([\w-]+)'/g)].map(
        ([, id, kind]) => `${id}/${kind}`,
      ),
    )
    expect(written.length).toBeGreaterThan(10)
    expect(written.filter((id) => !known.has(id))).toEqual([])
  })

  test('every SQLSTATE with a remedy in the invariant has a rule of its own, and any other one that says it', () => {
    const source = readFileSync('harness/invariants/applies/judge.ts', 'utf8')
    const remedied = [...source.matchAll(/^ {4}'([0-9A-Z]{5})':/gm)].map(([, sqlstate]) => `applies/${sqlstate}`)
    expect(remedied.length).toBeGreaterThan(4)
    expect(remedied.filter((id) => !known.has(id))).toEqual([])
    expect(ruleOf({ invariant: 'applies', kind: 'XX000', severity: 'error' })).toMatchObject({
      id: 'applies/XX000',
      title: 'up fails with XX000',
    })
  })

  test('ids are unique, and texts are sentences', () => {
    expect(known.size).toBe(rules.length)
    for (const { id, meaning, remedy } of rules) {
      expect([id, /^[A-Z].*[.)]$/.test(meaning), /^[A-Z].*\.$/.test(remedy)]).toEqual([id, true, true])
    }
  })
})
