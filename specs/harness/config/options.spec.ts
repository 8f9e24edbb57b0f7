import { Command } from 'commander'
import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { addVerifyOptions } from '../../../harness/cli/verify-options.ts'
import { configSchema, type ProjectOptions } from '../../../harness/config/index.ts'
import { configDigest } from '../../../harness/history/seed-text.ts'
import { zeroLoss } from '../../../harness/invariants/index.ts'
import { allOptions, attributeOf, type Flags, type OptionRow, optionRows, type PassedName } from '../../../harness/options/index.ts'
import { type VerifyOptions, whatAffects } from '../../../harness/verify/index.ts'
import { table, withGenerated } from './generated-page.ts'

const flagged = allOptions.flatMap(([name, row]) => (row.flag === undefined ? [] : [[name, row, row.flag] as const]))

describe('an option is one row', () => {
  test('in its types: no option of verify without one, and what a flag gives is what the row says', () => {
    expectTypeOf<Exclude<keyof VerifyOptions, PassedName>>().toEqualTypeOf<'saved'>()
    expectTypeOf<Flags['runs']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<Flags['skipExtension']>().toEqualTypeOf<readonly string[] | undefined>()
    expectTypeOf<Flags['online']>().toEqualTypeOf<true | undefined>()
    expectTypeOf<Flags['cache']>().toEqualTypeOf<string | false | undefined>()
    expectTypeOf<Flags['failOn']>().toEqualTypeOf<'error' | 'warning' | undefined>()
    expectTypeOf<ProjectOptions['failOn']>().toEqualTypeOf<'error' | 'warning' | undefined>()
    expectTypeOf<ProjectOptions['runs']>().toEqualTypeOf<number | undefined>()
  })

  test('which a configuration knows by the name of the row', () => {
    const places = ['$schema', 'path', 'projects']
    const known = allOptions.flatMap(([name, row]) => (row.schema === undefined ? [] : [name]))
    expect(Object.keys(configSchema.shape).toSorted()).toEqual([...places, ...known].toSorted())
    for (const name of known) expect(configSchema.shape[name as keyof typeof configSchema.shape].description).toContain('default: ')
  })
})

describe('on the command line', () => {
  const parse = (args: readonly string[]) => {
    const command = addVerifyOptions(new Command('verify').exitOverride().configureOutput({ writeErr: () => undefined }))
    return command.parse([...args], { from: 'user' }).opts()
  }
  const sample = ({ takes, choices }: OptionRow) =>
    ({ text: 'a', count: '7', percent: '7', duration: '90s', list: 'a', choice: choices?.[0] ?? '' })[takes ?? 'text']

  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test.each(flagged)('%s is a flag', (_, row, flag) => {
    const args = row.takes === undefined ? [flag] : [flag.split(' ')[0] ?? '', sample(row)]
    expect(Object.keys(parse(args))).toContain(attributeOf(row))
  })

  test.each(flagged.filter(([, row]) => row.variable !== undefined))('%s is a variable, and the flag comes before it', (_, row, flag) => {
    const attribute = attributeOf(row) ?? ''
    vi.stubEnv(row.variable ?? '', sample(row))
    const fromVariable = parse([])[attribute]
    const isNumber = row.takes === 'count' || row.takes === 'percent'
    expect([fromVariable].flat()).toEqual([isNumber ? 7 : sample(row)])
    const other = isNumber ? '8' : row.takes === 'choice' ? (row.choices?.[1] ?? '') : row.takes === 'duration' ? '5m' : 'b'
    expect([parse([flag.split(' ')[0] ?? '', other])[attribute]].flat().at(-1)).toEqual(isNumber ? 8 : other)
    vi.stubEnv(row.variable ?? '', '')
    expect(parse([])).not.toHaveProperty(attribute)
  })

  test('the help says what the row says, with its default', () => {
    const help = addVerifyOptions(new Command('verify')).configureHelp({ helpWidth: 1_000 }).helpInformation()
    for (const [, row, flag] of flagged) {
      expect(help).toMatch(new RegExp(`^  ${flag}\\s`, 'm'))
      expect(help).toContain(row.description.replaceAll('`', ''))
      expect(help).toContain(`(default: ${row.default})`.replaceAll('`', ''))
    }
  })
})

describe('the digest of the options', () => {
  const samples: { readonly [Name in keyof VerifyOptions]-?: NonNullable<VerifyOptions[Name]> } = {
    runs: 7,
    rows: 7,
    seed: 'a',
    postgres: '17',
    online: {},
    performance: {},
    crash: {},
    isolation: {},
    failOn: 'warning',
    minCoverage: 90,
    only: ['a'],
    timeLimitMs: 7,
    runAs: 'a',
    prelude: 'a',
    skipExtensions: ['a'],
    format: 'sql',
    formats: [{ id: 'mine', read: async () => [] }],
    since: 'a',
    allowChanged: true,
    command: { up: 'a', table: 'b', column: 'c' },
    contracts: { a: { idempotent: true } },
    invariants: [zeroLoss],
    cacheDirectory: 'a',
    reportDirectory: 'a',
    saved: new Map(),
  }

  test.each(Object.entries(samples))('knows whether a verdict depends on %s', (name, value) => {
    const changes = configDigest({ [name]: value }) !== configDigest({})
    expect(changes).toBe(whatAffects[name as keyof VerifyOptions] === 'verdict')
  })

  test('is the same in whatever order they are given', () => {
    expect(configDigest({ rows: 4, runs: 7 })).toBe(configDigest({ runs: 7, rows: 4, failOn: undefined }))
  })
})

describe('the documentation (to write it anew: vitest run specs/harness/config -u)', () => {
  const more = ({ page }: OptionRow) => {
    if (page === undefined) return ''
    return page.startsWith('#') ? ` ([below](${page}))` : ` ([${page.replace('.md', '')}](${page}))`
  }

  test('has the keys of a configuration', async () => {
    const keys = (['all', 'project'] as const).flatMap((of) => allOptions.filter(([, row]) => row.of === of && row.schema !== undefined))
    const rows = keys.map(([name, row]) => [`\`${name}\``, `${row.description}${more(row)}${orNot(row)}`, row.default])
    const page = await withGenerated('configuration.md', 'options', table(['key', 'meaning', 'default'], rows))
    await expect(page).toMatchFileSnapshot('../../../docs/configuration.md')
  })

  test('has the options of the command', async () => {
    const rows = flagged.map(([, row, flag]) => {
      const shown = flag.replace(/<(.*)>/, (_, value: string) => value.toUpperCase())
      const not = row.not === undefined ? '' : `, \`--no-${flag.slice(2).split(' ')[0]}\``
      const choices = row.takes === 'choice' && row !== optionRows.failOn ? `: ${row.choices?.map((each) => `\`${each}\``).join(', ')}` : ''
      const also = [row.takes === 'list' ? '; may be given several times' : '', row.not === undefined ? '' : `; without: ${row.not}`]
      const variable = row.variable === undefined ? '' : `\`${row.variable}\``
      return [`\`${shown}\`${not}`, variable, `${row.description}${choices}${also.join('')}${more(row)}`, row.default]
    })
    const page = await withGenerated('command.md', 'options', table(['option', 'variable', 'meaning', 'default'], rows))
    await expect(page).toMatchFileSnapshot('../../../docs/command.md')
  })

  function orNot({ not }: OptionRow): string {
    return not === undefined ? '' : `; \`false\`: ${not}`
  }
})
