import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { markdownTable } from 'markdown-table'
import { type Cell, runCell, unlike } from './cell.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

const majors = [15, 16, 17, 18]
const nodes = [20, 22, 24]

/** Specs of what depends on the server, on each version of PostgreSQL. */
const serverSpecs = [
  'specs/harness/catalog',
  'specs/harness/snapshot',
  'specs/harness/postgres/session.spec.ts',
  'specs/harness/postgres/databases.spec.ts',
  'specs/invariants/specimens.spec.ts',
]
/** Specs of what depends on the runtime: loading of the user's files, processes, signals, the file system. */
const nodeSpecs = [
  'specs/harness/config/config.spec.ts',
  'specs/harness/cli/day-one.spec.ts',
  'specs/harness/cli/own-format.spec.ts',
  'specs/harness/cli/own-invariant.spec.ts',
  'specs/harness/postgres/lifecycle.spec.ts',
  'specs/harness/postgres/url.spec.ts',
]
const page = 'docs/versions.md'
const [begin, end] = ['<!-- npm run versions -- --write -->', '<!-- end -->']

interface SpecsRun {
  readonly what: string
  readonly passed: number
  readonly failed: number
  readonly seconds: number
}

// npm run versions -- [--write]
const { values } = parseArgs({ options: { write: { type: 'boolean' } } })
const started = performance.now()
await using workshop = await openWorkshop(majors)
const cells: Cell[] = []
for (const postgres of majors)
  for (const node of nodes) {
    const cell = await runCell(workshop, postgres, node)
    cells.push(cell)
    const seconds = cell.checks.reduce((sum, each) => sum + each.seconds, 0)
    say(`PostgreSQL ${postgres}, Node.js ${node}: ${passed(cell)} of ${cell.checks.length}, ${Math.round(seconds)} s`)
    for (const { name, wrong } of cell.checks) if (wrong !== undefined) say(`  ${name}: ${wrong}`)
  }
const differing = unlike(cells)
for (const { postgres, node } of differing) say(`PostgreSQL ${postgres}: other findings on Node.js ${node} than on ${nodes[0]}`)
const specs: SpecsRun[] = []
for (const postgres of majors) specs.push(await runSpecs(workshop, serverSpecs, 20, postgres))
for (const node of nodes) specs.push(await runSpecs(workshop, nodeSpecs, node, 18))
const minutes = Math.round((performance.now() - started) / 60_000)
const text = `${table()}\n\n${specsTable()}\n\nMeasured on ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, ${minutes} minutes.`
say(`\n${text}`)
if (values.write === true) await writePage(text)
const isWhole = cells.every((cell) => passed(cell) === cell.checks.length) && differing.length === 0
process.exitCode = isWhole && specs.every(({ failed, passed: some }) => failed === 0 && some > 0) ? 0 : 1

function passed({ checks }: Cell): number {
  return checks.filter(({ wrong }) => wrong === undefined).length
}

async function runSpecs({ node, runAt }: Workshop, files: readonly string[], major: number, postgres: number): Promise<SpecsRun> {
  const before = performance.now()
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1', '--reporter=json', ...files]
  const ran = await runAt(process.cwd(), await node(major), args, { GODWIT_POSTGRES: String(postgres) })
  const what = files === serverSpecs ? `specs of the server, PostgreSQL ${postgres}` : `specs of the runtime, Node.js ${major}`
  const seconds = Math.round((performance.now() - before) / 1_000)
  const counts = countsOf(ran.stdout)
  say(`${what}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`)
  if (ran.code !== 0) say(ran.stderr.split('\n').slice(-20).join('\n'))
  for (const name of counts.names) say(`  ${name}`)
  return { what, seconds, passed: counts.passed, failed: ran.code === 0 ? counts.failed : Math.max(1, counts.failed) }
}

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly names: readonly string[]
}

function countsOf(stdout: string): Counts {
  const json = stdout.slice(stdout.indexOf('{"numTotalTestSuites"'))
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(json.slice(0, json.lastIndexOf('}') + 1))
    const all = testResults.flatMap((file: { assertionResults: { status: string; fullName: string }[] }) => file.assertionResults)
    const names = all.filter((each: { status: string }) => each.status === 'failed').map((each: { fullName: string }) => each.fullName)
    return { passed: numPassedTests, failed: numFailedTests, names }
  } catch {
    return { passed: 0, failed: 1, names: ['the run itself'] }
  }
}

function table(): string {
  const rows = majors.map((postgres) => [
    `PostgreSQL ${postgres}`,
    ...nodes.map((node) => {
      const cell = cells.find((each) => each.postgres === postgres && each.node === node)
      if (cell === undefined) return ''
      const seconds = Math.round(cell.checks.reduce((sum, each) => sum + each.seconds, 0))
      return `${passed(cell)} of ${cell.checks.length}${differing.includes(cell) ? ', other findings' : ''}, ${seconds} s`
    }),
  ])
  return markdownTable([['', ...nodes.map((node) => `Node.js ${node}`)], ...rows])
}

function specsTable(): string {
  return markdownTable([
    ['specs of this repository', 'passed', 'failed', 'seconds'],
    ...specs.map(({ what, passed: some, failed, seconds }) => [what, String(some), String(failed), String(seconds)]),
  ])
}

async function writePage(measured: string): Promise<void> {
  const before = await readFile(page, 'utf8')
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table`)
  await writeFile(page, `${before.slice(0, from + begin.length)}\n\n${measured}\n\n${before.slice(to)}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
