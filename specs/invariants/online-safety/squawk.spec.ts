import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { squawkOpinions } from '../../../harness/invariants/online-safety/squawk.ts'
import { parseScript } from '../../../harness/migration/index.ts'

const installed = existsSync('node_modules/.bin/squawk') || spawnSync('squawk', ['--version']).status === 0

describe('squawk', () => {
  test('its opinion stands beside the statement that it is about', async ({ skip }) => {
    if (!installed) skip('squawk is not installed: npm i --prefix /tmp/x squawk-cli, and its node_modules/.bin on PATH')
    const script = parseScript('up.sql', `SET lock_timeout = '1s';\nALTER TABLE orders ADD COLUMN n bigint;\nCREATE INDEX i ON orders (n);`)
    const statements = script.statements.map(({ text, file, line }, transaction) => {
      const nothing = { durationMs: 1, locks: [], work: [], rewritten: [] }
      return { text, file, line, transaction, ...nothing }
    })
    const opinions = (await squawkOpinions(script, statements)).map((each) => each.opinion)
    expect(opinions[2]).toContain('require-concurrent-index-creation')
    expect(opinions[1]).not.toContain('require-concurrent-index-creation')
  })
})
