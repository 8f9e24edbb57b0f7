import { expect, test } from 'vitest'
import { assemble, dealSteps, readSources, type Verified, verifyOn, verifyPart } from '../../../harness/history/index.ts'
import type { VerifyOptions } from '../../../harness/verify/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { writtenFiles } from './written-history.ts'

/** A tool as people write them: a table of what is applied, and a file for each step. */
const tool = `
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
const pg = createRequire(process.env.TOOL_ROOT + '/package.json')('pg')
const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
await client.query('CREATE TABLE IF NOT EXISTS done (name text PRIMARY KEY)')
const applied = new Set((await client.query('SELECT name FROM done')).rows.map((row) => row.name))
const names = readdirSync('steps').sort()
if (process.argv[2] === 'up') {
  const next = names.find((name) => !applied.has(name))
  if (next === undefined) console.log('nothing to migrate')
  else {
    await client.query('BEGIN')
    await client.query(readFileSync('steps/' + next, 'utf8'))
    await client.query('INSERT INTO done VALUES ($1)', [next])
    await client.query('COMMIT')
  }
}
await client.end()
`

const steps = {
  'tool.mjs': tool,
  'steps/1_people.sql': 'CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, phone text)',
  'steps/2_email.sql': 'ALTER TABLE people ADD COLUMN email text',
  'steps/3_no_phone.sql': 'ALTER TABLE people DROP COLUMN phone',
}

test('a tool that is driven by its own command is verified step by step', async () => {
  await using written = await writtenFiles(steps)
  const options = optionsFor(written.path)
  const { result } = await verifyOn(await useCluster(), await readSources([written.path], options), options, {})
  expect(
    result.migrations.flatMap((each) => each.findings.filter(({ severity }) => severity === 'error').map(({ message }) => message)),
  ).toHaveLength(1)
  expect(result.migrations.map((each) => [each.name, each.verdict])).toEqual([
    ['1_people.sql', 'holds'],
    ['2_email.sql', 'holds'],
    ['3_no_phone.sql', 'violated'],
  ])
  expect(result.migrations[2]?.findings[0]).toMatchObject({ invariant: 'zero-loss', relation: 'public.people', attribute: 'phone' })
}, 120_000)

test('machines that each record the tool share its steps, and together give what one gives', async () => {
  await using written = await writtenFiles(steps)
  const options = optionsFor(written.path)
  const whole = await verifyPart([written.path], options)
  const parts = [1, 2].map((index) => {
    const [share] = dealSteps({ index, count: 2 }, new Map(), [[undefined]])
    return verifyPart([written.path], options, {}, share)
  })
  const [first, second] = await Promise.all(parts)
  if (first === undefined || second === undefined) throw new Error('there are two')
  expect([first, second].map(({ sources }) => sources[0]?.dealt)).toEqual([[0, 2], [1]])
  expect(timeless(assemble([second, first]))).toEqual(timeless(assemble([whole])))
}, 120_000)

function optionsFor(directory: string): VerifyOptions {
  return { runs: 4, command: { up: `TOOL_ROOT=${process.cwd()} node tool.mjs up`, directory, table: 'done', column: 'name' } }
}

function timeless({ result, counterexamples }: Verified): unknown {
  const migrations = result.migrations.map((migration) => ({ ...migration, timings: {} }))
  return { result: { ...result, migrations, durationMs: 0, timings: {} }, counterexamples }
}
