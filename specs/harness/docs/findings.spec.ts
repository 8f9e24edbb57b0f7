import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exampleOf, rulesOf } from '../../../harness/invariants/index.ts'
import { examples, withoutExample } from './findings/all-examples.ts'
import { findingsPage } from './findings/page.ts'
import { printedFor } from './findings/verify-example.ts'

/**
 * Which examples are verified: some of them; with `GODWIT_FINDINGS=all` all, with another text
 * (`zero-loss`, `applies/22,applies/23`) those whose rules begin so. After a sentence
 * or an example has changed, `GODWIT_FINDINGS_WRITE=1` beside it writes the texts and the page anew.
 */
const wanted = process.env.GODWIT_FINDINGS ?? ''
const writes = process.env.GODWIT_FINDINGS_WRITE === '1'
const isWanted = (id: string) => wanted === 'all' || wanted.split(',').some((beginning) => id.startsWith(beginning))
const chosen = [...examples].filter(([id], at) => (wanted === '' ? at % 20 === 0 : isWanted(id)))
const texts = 'specs/harness/docs/findings/printed.json'
const page = 'docs/findings.md'
const printed: Record<string, string> = JSON.parse(readFileSync(texts, 'utf8'))

/** Without times, ratios and powers, which differ from run to run; and where there is one, without line ends, which its length moves. */
function steady(text: string | undefined): string | undefined {
  const lines = /times as long|expected\s+to\s+take|the\s+power\s+of/.test(text ?? '') ? text?.replaceAll(/\s+/g, ' ') : text
  return lines?.replaceAll(/\d+(\.\d+)?(?= ms| times as long)|(?<=to take .*?)[\d,.]+(?= s\b)|(?<=power of )[\d.]+/g, '…')
}

test('every rule has an example or a reason why it has none, and nothing else has', () => {
  const rules = rulesOf().map(({ id }) => id)
  expect([...examples.keys(), ...withoutExample.keys()].toSorted()).toEqual(rules.toSorted())
})

describe.each(chosen)('%s', (id, example) => {
  test('is printed for the bad migration as the page has it', async () => {
    const text = await printedFor(id, 'bad', example)
    expect(text).toBeDefined()
    if (writes && steady(text) !== steady(printed[id])) printed[id] = text ?? ''
    expect(steady(text)).toBe(steady(printed[id]))
  })

  test('is not found on the good migration, or for information only where the bad one gets more', async () => {
    const text = await printedFor(id, 'good', example)
    expect(text?.startsWith('info') === true && printed[id]?.startsWith('info') === false ? undefined : text).toBeUndefined()
  })
})

test('reports link each rule to its heading on the page', () => {
  const headings = [...findingsPage(printed).matchAll(/^### (.+)$/gm)].map(([, text = '']) => text)
  // GitHub makes an anchor of a heading so: small letters, no punctuation, hyphens for blanks.
  const anchors = headings.map(
    (text) =>
      `${page}#${text
        .toLowerCase()
        .replaceAll(/[^a-z0-9_ -]/g, '')
        .replaceAll(' ', '-')}`,
  )
  expect(rulesOf().map(({ id }) => exampleOf(id))).toEqual(anchors)
  expect(exampleOf('applies/XX000')).toBeUndefined()
})

test('the page is what rules, examples and printed texts give', () => {
  if (writes) {
    const kept = [...examples.keys()].map((id) => [id, printed[id]])
    writeFileSync(texts, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`)
    writeFileSync(page, findingsPage(printed))
  }
  expect([...examples.keys()].filter((id) => printed[id] === undefined)).toEqual([])
  expect(readFileSync(page, 'utf8')).toBe(findingsPage(printed))
})
