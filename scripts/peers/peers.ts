import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { quoteIdentifier, type StartedCluster } from '../../harness/postgres/index.ts'
import type { FindingResult, VerifyResult } from '../../harness/result/index.ts'
import { type Expected, labelled, matches } from '../../specs/corpus/measure-corpus.ts'
import type { Subject } from './subject.ts'

const run = promisify(execFile)

/** What a tool says of a pair. */
export interface Said {
  /** Why it would not let it pass; undefined where it would. */
  readonly objects: string | undefined
  /** Lines that the user wrote for this pair. */
  readonly lines: number
}

export interface Peer {
  readonly name: string
  /** Undefined where it can be tried here. */
  readonly missing?: string | undefined
  /** Whether it works on a server that is there: its start is not in the seconds of a pair. */
  readonly needsServer?: true
  say(cluster: StartedCluster, subject: Subject): Promise<Said>
}

const pgtapSql = process.env.PGTAP_SQL ?? '/usr/share/postgresql/15/extension/pgtap--1.2.0.sql'
const squawk = process.env.SQUAWK ?? 'node_modules/.bin/squawk'

export const peers: readonly Peer[] = [
  { name: 'Godwit', say: godwit },
  { name: 'a test by hand: seeds, up, down, two pg_dumps compared', needsServer: true, say: handwritten },
  {
    name: 'pgTAP: columns, and rows counted on the same seeds',
    needsServer: true,
    missing: existsSync(pgtapSql) ? undefined : `no ${pgtapSql}`,
    say: pgtap,
  },
  {
    name: 'sqitch: deploy, verify, revert on the same seeds',
    needsServer: true,
    missing: onPath('sqitch') ? undefined : 'no sqitch on PATH',
    say: sqitch,
  },
  { name: 'squawk', missing: existsSync(squawk) ? undefined : `no ${squawk}`, say: linted },
]

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((directory) => existsSync(join(directory, program)))
}

/** As installed: a server of its own, and everything loaded anew. */
async function godwit(_: StartedCluster, { folder, expected }: Subject): Promise<Said> {
  const report = mkdtempSync(join(tmpdir(), 'godwit-peers-'))
  try {
    const args = [resolve('dist/cli/main.js'), 'verify', resolve(folder), '--postgres', '15', '--no-cache', '--json', '--report', report]
    const { stdout } = await run(process.execPath, args, { cwd: report, maxBuffer: 64 * 1024 ** 2 }).catch((error) => error)
    const { findings, verdict } = (JSON.parse(stdout) as VerifyResult).migrations.at(-1) ?? { findings: [], verdict: 'unknown' }
    const worst = findings.find((finding) => isObjection(finding, expected))
    return { objects: worst?.message ?? (verdict === 'unknown' ? verdict : undefined), lines: 0 }
  } finally {
    rmSync(report, { recursive: true, force: true })
  }
}

/** By the rule of the corpus: errors and warnings on what its labels speak of, without those that they leave open. */
function isObjection(finding: FindingResult, { findings, optional }: Expected): boolean {
  const demanded = findings.some((label) => matches(label, finding))
  const open = !labelled.has(finding.invariant) || optional.some((label) => matches(label, finding))
  return finding.severity !== 'info' && (demanded || !open)
}

async function handwritten(cluster: StartedCluster, { folder, seeds, hasDown }: Subject): Promise<Said> {
  const lines = linesOf(seeds)
  await using database = await cluster.createDatabase()
  const url = database.url({ as: 'owner' })
  await psql(url, readFileSync(join(folder, 'legacy.sql'), 'utf8'), seeds)
  const before = await dump(url)
  const failed = await refusal(() => psql(url, readFileSync(join(folder, 'up.sql'), 'utf8')))
  if (failed !== undefined) return { objects: `up: ${failed}`, lines }
  if (!hasDown) return { objects: undefined, lines }
  const back = await refusal(() => psql(url, readFileSync(join(folder, 'down.sql'), 'utf8')))
  if (back !== undefined) return { objects: `down: ${back}`, lines }
  return { objects: (await dump(url)) === before ? undefined : 'the dumps differ', lines }
}

async function pgtap(cluster: StartedCluster, { folder, seeds, migrated }: Subject): Promise<Said> {
  const template = await cluster.template('pgtap', async (database) => {
    await using session = await database.connect()
    await session.script(`CREATE SCHEMA tap; SET search_path = tap; ${readFileSync(pgtapSql, 'utf8').replace(/^\\.*$/gm, '')}`)
    await session.script('GRANT USAGE ON SCHEMA tap TO public; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tap TO public')
  })
  await using database = await cluster.clone(template)
  const url = database.url()
  const tables = [...(migrated ?? [])]
  await psql(url, readFileSync(join(folder, 'legacy.sql'), 'utf8'), seeds)
  const counted = await counts(url)
  const asserted = tables.flatMap(([table, columns]) => [
    ...columns.map((column) => `SELECT tap.has_column(${nameOf(table)}, ${literal(column)}, 'column ${column.replaceAll("'", '')}');`),
    ...(counted.has(table) ? [`SELECT tap.is((SELECT count(*) FROM ${quoted(table)}), ${counted.get(table)}::bigint);`] : []),
  ])
  const lines = 3 + asserted.length + linesOf(seeds)
  const failed = await refusal(() => psql(url, readFileSync(join(folder, 'up.sql'), 'utf8')))
  if (failed !== undefined) return { objects: `up: ${failed}`, lines }
  const tap = ['SET search_path = public, tap;', 'SELECT tap.no_plan();', ...asserted, 'SELECT * FROM tap.finish();']
  const output = await psql(url, tap.join('\n'))
  return { objects: /^not ok.*$/m.exec(output)?.[0], lines }
}

async function sqitch(cluster: StartedCluster, { folder, seeds, hasDown, migrated }: Subject): Promise<Said> {
  await using database = await cluster.createDatabase()
  const url = database.url({ as: 'owner' })
  const project = mkdtempSync(join(tmpdir(), 'godwit-sqitch-'))
  try {
    for (const name of ['deploy', 'verify', 'revert']) await mkdir(join(project, name))
    writeFileSync(join(project, 'sqitch.conf'), '[core]\n\tengine = pg\n[user]\n\tname = a\n\temail = a@b.c\n')
    const stamp = '2024-01-01T00:00:00Z A B <a@b.c>'
    writeFileSync(join(project, 'sqitch.plan'), `%syntax-version=1.0.0\n%project=p\n\nlegacy ${stamp} # l\nup [legacy] ${stamp} # u\n`)
    cpSync(join(folder, 'legacy.sql'), join(project, 'deploy', 'legacy.sql'))
    cpSync(join(folder, 'up.sql'), join(project, 'deploy', 'up.sql'))
    if (hasDown) cpSync(join(folder, 'down.sql'), join(project, 'revert', 'up.sql'))
    // As its tutorial writes them.
    const verify = [...(migrated ?? [])].map(
      ([table, columns]) => `SELECT ${columns.map(quoteIdentifier).join(', ')} FROM ${quoted(table)} WHERE false;`,
    )
    writeFileSync(join(project, 'verify', 'up.sql'), verify.join('\n'))
    const lines = verify.length + linesOf(seeds)
    const target = url.replace(/^postgres(?:ql)?:/, 'db:pg:')
    const tool = (...args: readonly string[]) => refusal(() => run('sqitch', [...args, '--target', target], { cwd: project }))
    const legacy = await tool('deploy', '--to-change', 'legacy')
    if (legacy !== undefined) throw new Error(legacy)
    await psql(url, seeds)
    const deployed = await tool('deploy', '--verify')
    if (deployed !== undefined) return { objects: `deploy: ${deployed}`, lines }
    const reverted = hasDown ? await tool('revert', '--to-change', 'legacy', '-y') : undefined
    return { objects: reverted === undefined ? undefined : `revert: ${reverted}`, lines }
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

async function linted(_: StartedCluster, { folder }: Subject): Promise<Said> {
  const done = await run(resolve(squawk), ['--reporter', 'json', join(folder, 'up.sql')]).catch((error) => error)
  const found = JSON.parse(done.stdout || '[]') as readonly { readonly rule_name: string }[]
  return { objects: found.length === 0 ? undefined : [...new Set(found.map((each) => each.rule_name))].join(', '), lines: 0 }
}

async function psql(url: string, ...texts: readonly string[]): Promise<string> {
  const running = run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url], { maxBuffer: 64 * 1024 ** 2 })
  running.child.stdin?.on('error', () => undefined).end(texts.join('\n;\n'))
  return (await running).stdout
}

/** In an order that does not depend on where rows lie. */
async function dump(url: string): Promise<string> {
  const { stdout } = await run('pg_dump', ['--inserts', '--no-owner', '-d', url], { maxBuffer: 64 * 1024 ** 2 })
  const lines = stdout.split('\n').filter((line) => !line.startsWith('\\') && !line.startsWith('--'))
  return lines.toSorted().join('\n')
}

async function counts(url: string): Promise<ReadonlyMap<string, string>> {
  const tables = (
    await psql(
      url,
      "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'tap')",
    )
  )
    .split('\n')
    .filter((line) => line !== '')
  const rows = await Promise.all(tables.map(async (table) => [table, (await psql(url, `SELECT count(*) FROM ${table}`)).trim()] as const))
  return new Map(rows)
}

async function refusal(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message: string }
    return ((stderr || stdout) ?? message).trim().split('\n')[0]
  }
}

function linesOf(text: string): number {
  return text.split('\n').filter((line) => line.trim() !== '').length
}

function quoted(path: string): string {
  return path.includes('"') ? path : path.split('.').map(quoteIdentifier).join('.')
}

function nameOf(path: string): string {
  const [schema = '', table = ''] = path.split('.')
  return `${literal(schema)}, ${literal(table)}`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
