import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskSecrets, renderJUnit, renderMarkdown, renderTerminal } from '../../../harness/report/index.ts'
import { exampleFinding, exampleResult } from '../result/result-arbitrary.ts'

describe('secrets', () => {
  test('any URL keeps no password', () => {
    const part = fc.stringMatching(/^[a-z]{1,8}$/)
    const password = fc.webUrl().chain(() => fc.stringMatching(/^[A-Z0-9:@%!$&*+=;,.-]{1,12}$/))
    fc.assert(
      fc.property(part, password, part, fc.string(), (user, secret, host, around) => {
        const lower = around.toLowerCase()
        expect(maskSecrets(`${lower} postgresql://${user}:${secret}@${host}:5432/db ${lower}`)).toContain(
          ` postgresql://${user}:***@${host}:5432/db `,
        )
      }),
    )
  })

  test('any text without a URL is left as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('://') && !/password=/i.test(text))
        expect(maskSecrets(text)).toBe(text)
      }),
    )
  })

  test('every rendering masks, in every field', async () => {
    const secret = 'postgres://u:hunter2@h/db?sslpassword=hunter2&x=1'
    const finding = exampleFinding({
      message: secret,
      hint: secret,
      evidence: { [secret]: [secret, { deep: secret }] },
      file: secret,
      object: secret,
    })
    const result = exampleResult([
      { name: secret, path: secret, findings: [finding], notChecked: [secret], rungBecause: secret, runAs: secret },
    ])
    const rendered = [
      ...result.migrations.map((migration) => renderMarkdown(migration, result)),
      await renderJUnit(result),
      renderTerminal(result, { color: true, columns: 300 }),
    ]
    for (const text of rendered) {
      expect(text).toContain('***')
      expect(text).not.toContain('hunter2')
    }
  })
})
