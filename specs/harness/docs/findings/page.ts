import type { NamedRule } from '../../../../harness/invariants/index.ts'
import { exampleOf, invariants, rulesOf } from '../../../../harness/invariants/index.ts'
import { examples, withoutExample } from './all-examples.ts'
import type { Example, Scripts } from './example.ts'

const head = `# Findings

Every kind of finding: what it means, a migration that has it, the text that Godwit prints, how to correct it, and a migration that does the
same work without it. Each example is a whole one: save \`legacy.sql\` and \`up.sql\` in a folder, and \`npx godwit verify FOLDER\` prints the
same text. Values are generated, so yours may differ.

A kind is named \`invariant/kind\`, as in results, reports and waivers. How grave a finding is can depend on the case; the page has the gravest.
`

/**
 * \`docs/findings.md\` as a whole.
 *
 * @param printed  What a run printed for the bad migration of each example, by id of the rule.
 */
export function findingsPage(printed: Readonly<Record<string, string>>): string {
  const rules = rulesOf()
  const parts = invariants.map(({ id, holds }) => {
    const own = rules.filter((rule) => rule.id.startsWith(`${id}/`))
    return [`## ${id}`, `Holds when ${holds.replaceAll('](docs/', '](')}.`, ...own.map((rule) => section(rule, printed[rule.id]))].join(
      '\n\n',
    )
  })
  const contents = invariants.map(({ id }) => {
    const kinds = rules
      .filter((rule) => rule.id.startsWith(`${id}/`))
      .map((rule) => `[${rule.id.slice(id.length + 1)}](#${exampleOf(rule.id)?.split('#')[1]})`)
    return `- [${id}](#${id}): ${kinds.join(', ')}`
  })
  return `${[head, contents.join('\n'), ...parts].join('\n')}`
}

function section(rule: NamedRule, printed: string | undefined): string {
  const example = examples.get(rule.id)
  const facts = [`### ${rule.id}`, `**${rule.severity}: ${rule.title}.** ${rule.meaning}`, `**What to do.** ${rule.remedy}`]
  if (example === undefined) return [...facts, `No example. ${withoutExample.get(rule.id)}`].join('\n\n')
  return [...facts, ...exampleParts(example), block('', printed ?? ''), ...goodParts(example)].join('\n\n')
}

function exampleParts({ legacy, contract, options, bad }: Example): readonly string[] {
  const flag = (['online', 'performance', 'isolation'] as const).find((each) => options?.[each] !== undefined)
  const flags = flag === undefined ? '' : ` (verified with \`--${flag}\`)`
  return [
    `Legacy schema${contract === undefined ? '' : ' and `contract.ts`'}${flags}:`,
    block('sql', legacy),
    ...(contract === undefined ? [] : [block('ts', contract)]),
    'Bad:',
    ...scripts(bad),
    'Godwit prints:',
  ]
}

function goodParts({ good }: Example): readonly string[] {
  return ['Good:', ...scripts(good)]
}

function scripts({ up, down }: Scripts): readonly string[] {
  return [block('sql', down === undefined ? up : `-- up.sql\n${up}\n\n-- down.sql\n${down}`)]
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}
