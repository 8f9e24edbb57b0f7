import * as fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, test } from 'vitest'
import { renderJUnit } from '../../../harness/report/index.ts'
import { exampleFinding, exampleResult, verifyResult } from '../result/result-arbitrary.ts'

const saw = { relations: 1, rows: 2, cells: 3, runs: 4 }

describe('JUnit', () => {
  test('any result is well-formed XML with a suite for each migration and a case for each invariant', async () => {
    await fc.assert(
      fc.asyncProperty(verifyResult, async (result) => {
        const elements = parse(await renderJUnit(result))
        const cases = elements.filter((one) => one.name === 'testcase' && one.attributes.name !== 'verdict')
        const invariants = result.migrations.flatMap((migration) => migration.invariants)
        const told = result.sources.filter((source) => source.brokenAt !== null || source.endToEnd !== null)
        const ends = told.flatMap((source) => source.endToEnd ?? [])
        expect(elements.filter((one) => one.name === 'testsuite')).toHaveLength(Math.max(1, result.migrations.length) + told.length)
        expect(cases).toHaveLength(invariants.length + told.length + ends.length)
        const of = (name: string) => elements.filter((one) => one.name === name).length
        expect(of('failure')).toBe([...invariants, ...ends].filter((one) => one.verdict === 'violated').length)
        expect(of('skipped')).toBe(invariants.filter((one) => one.verdict === 'not-applicable').length)
        expect(of('error')).toBeGreaterThanOrEqual(invariants.filter((one) => one.verdict === 'unknown').length)
      }),
      { numRuns: 300 },
    )
  })

  test('a lone surrogate breaks no escape in front of it', async () => {
    for (const name of ['\r\udfff<b>', '\\\n\ud800', '\t\ud83d']) {
      const [suite] = parse(await renderJUnit(exampleResult([{ name }]))).filter((one) => one.name === 'testsuite')
      expect(suite?.attributes.name).toBe(name.replace(/[\udfff\ud800\ud83d]/, '\ufffd'))
    }
  })

  test('any migration that does not hold fails its suite', async () => {
    await fc.assert(
      fc.asyncProperty(verifyResult, async (result) => {
        const suites = parse(await renderJUnit(result)).filter((one) => one.name === 'testsuite')
        for (const [index, migration] of result.migrations.entries()) {
          const { failures, errors } = suites[index]?.attributes ?? {}
          if (migration.verdict !== 'holds') expect(Number(failures) + Number(errors)).toBeGreaterThan(0)
        }
      }),
    )
  })

  test('nothing judged is no pass', async () => {
    expect(await renderJUnit(exampleResult([]))).toContain('errors="1"')
    expect(await renderJUnit(exampleResult([{ verdict: 'holds', invariants: [], findings: [] }]))).toContain('errors="1"')
  })

  test('a violation carries its findings, with where and the counterexample', async () => {
    const elements = parse(await renderJUnit(exampleResult([{ findings: [exampleFinding({ hint: 'Keep the column.' })] }])))
    expect(elements.find((one) => one.name === 'failure')).toEqual({
      name: 'failure',
      attributes: { message: 'cells are lost', type: 'cell-lost' },
      text: [
        'error: cell-lost of public.items.notes at up.sql:3',
        'cells of "notes" are nowhere to be found afterwards',
        'evidence: {}',
        'hint: Keep the column.',
        'counterexample: reports/drop-notes/counterexamples/f1.sql',
      ].join('\n'),
    })
  })

  test('a history of 500 steps is one file, and says where it breaks', async () => {
    const steps = Array.from({ length: 500 }, (_, index) => ({
      name: `step-${index}`,
      path: `db/step-${index}`,
      verdict: 'holds' as const,
      findings: [],
    }))
    const brokenAt = {
      migration: 'step-7',
      file: 'db/step-7.sql',
      line: 3,
      message: 'relation "a" does not exist',
      hint: 'Name a prelude.',
    }
    const endToEnd = { steps: 500, verdict: 'violated' as const, because: 'step-9 does not restore public.a' }
    const source = { path: 'db', format: 'sql', steps: 500, verified: 500, cached: 0, brokenAt, endToEnd, notes: [] }
    const elements = parse(await renderJUnit({ ...exampleResult(steps), sources: [source] }))
    const own = elements.slice(elements.findLastIndex((one) => one.name === 'testsuite'))
    expect(elements.filter((one) => one.name === 'testsuite')).toHaveLength(501)
    expect(own.map((one) => [one.name, one.attributes.name ?? one.attributes.message, one.text])).toEqual([
      ['testsuite', 'db', ''],
      ['properties', undefined, ''],
      ...['format', 'steps', 'verified', 'cached'].map((name) => ['property', name, '']),
      ['testcase', 'applies to an empty database', ''],
      ['error', brokenAt.message, 'step-7 at db/step-7.sql:3\nrelation "a" does not exist\nhint: Name a prelude.'],
      ['testcase', 'all downs from the end', ''],
      ['failure', endToEnd.because, `500 steps: ${endToEnd.because}`],
    ])
  })

  test('what does not apply is skipped, what is unknown is an error', async () => {
    const invariants = [
      { id: 'round-trip', verdict: 'not-applicable', because: 'no down', saw, under: [] },
      { id: 'zero-loss', verdict: 'unknown', because: 'no rows', saw, under: [] },
    ] as const
    const names = parse(await renderJUnit(exampleResult([{ verdict: 'unknown', invariants, findings: [] }])))
      .filter((one) => ['testcase', 'skipped', 'error'].includes(one.name))
      .map((one) => one.attributes.name ?? one.name)
    expect(names).toEqual(['round-trip', 'skipped', 'zero-loss', 'error'])
  })
})

interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  text: string
}

/** Elements in the order in which they open; throws on anything that is not well-formed. */
function parse(xml: string): readonly XmlElement[] {
  const elements: XmlElement[] = []
  const parser = new SaxesParser()
  parser.on('opentag', ({ name, attributes }) => {
    elements.push({ name, attributes, text: '' })
  })
  parser.on('cdata', (text) => {
    const last = elements.at(-1)
    if (last !== undefined) last.text += text
  })
  parser.write(xml).close()
  return elements
}
