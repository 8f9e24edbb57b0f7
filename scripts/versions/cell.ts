import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VerifyResult } from '../../harness/result/index.ts'
import type { Ran, Workshop } from './workshop.ts'

/** What one version of PostgreSQL under one version of Node.js did. */
export interface Cell {
  readonly postgres: number
  readonly node: number
  readonly checks: readonly Check[]
  /** Verdicts and findings of everything that was verified: the same on every Node.js. */
  readonly found: string
}

export interface Check {
  readonly name: string
  /** Undefined where it is as it should be. */
  readonly wrong: string | undefined
  readonly seconds: number
}

const godwit = 'godwit/bin/godwit.mjs'
const mostMegabytes = 300
/** Has a process say at its end how much memory it had at most, in KiB. */
const sayPeak = `--import data:text/javascript,${encodeURIComponent("process.on('exit',()=>console.error('peak',process.resourceUsage().maxRSS))")}`

/** Do as a user would, with the installed package. */
export async function runCell(workshop: Workshop, postgres: number, node: number): Promise<Cell> {
  const program = await workshop.node(node)
  const env = { GODWIT_POSTGRES: String(postgres) }
  const report = `reports-${postgres}-${node}`
  const command = (args: readonly string[], more = {}) => workshop.run(program, godwit, args, { ...env, ...more })
  const checks: Check[] = []
  const check = async (name: string, work: () => Promise<string | undefined>) => {
    const started = performance.now()
    const wrong = await work().catch((error: unknown) => String(error))
    checks.push({ name, wrong, seconds: Math.round(performance.now() - started) / 1_000 })
  }
  const found: string[] = []
  const verifies = (path: string, code: number, args: readonly string[] = []) =>
    check(`verify ${path}`, async () => {
      const ran = await command(['verify', path, '--no-cache', '--report', report, '--json', ...args])
      if (ran.code !== code) return unexpected(ran, code)
      const result = JSON.parse(ran.stdout) as VerifyResult
      found.push(path, ...result.migrations.flatMap(({ name, verdict, findings }) => [name, verdict, ...findings.map(textOf).toSorted()]))
      const server = result.postgres.version
      return server.startsWith(`${postgres}.`) ? undefined : `verified on ${server}`
    })
  await check('--version', async () => expectCode(await command(['--version']), 0))
  await check('doctor', async () => expectCode(await command(['doctor']), 0))
  await verifies('sound', 0)
  await check('gate', async () => expectCode(await command(['gate', 'sound', '--no-cache', '--report', report]), 0))
  await verifies('lossy', 1)
  await check('replay', async () => {
    const saved = await savedCounterexample(join(workshop.directory, report, 'lossy', 'results.json'))
    return saved === undefined ? 'no counterexample was saved' : expectCode(await command(['replay', saved]), 1)
  })
  await check('report', async () => expectCode(await command(['report', report]), 0))
  await verifies('stock-batches', 0)
  await verifies('history', 1)
  await check('memory', async () => {
    const ran = await command(['verify', 'stock-batches', '--no-cache', '--report', report], { NODE_OPTIONS: sayPeak })
    const peak = Number(/^peak (\d+)$/m.exec(ran.stderr)?.[1]) / 1_024
    if (ran.code !== 0 || Number.isNaN(peak)) return unexpected(ran, 0)
    return peak <= mostMegabytes ? undefined : `${Math.round(peak)} MB at most, not ${mostMegabytes}`
  })
  await check('import', async () => {
    const ran = await workshop.runAt(workshop.directory, program, ['api.mjs'], env)
    return ran.code === 0 && ran.stdout === 'violated' ? undefined : unexpected(ran, 0)
  })
  await check('vitest', async () => expectCode(await workshop.run(program, 'vitest/vitest.mjs', ['run'], env), 0))
  return { postgres, node, checks, found: found.join('\n') }
}

function textOf({ id, severity }: VerifyResult['migrations'][number]['findings'][number]): string {
  return `  ${id} ${severity}`
}

async function savedCounterexample(file: string): Promise<string | undefined> {
  const result = JSON.parse(await readFile(file, 'utf8')) as VerifyResult
  return result.migrations.flatMap(({ findings }) => findings.flatMap(({ counterexample }) => counterexample ?? []))[0]
}

function expectCode(ran: Ran, code: number): string | undefined {
  return ran.code === code ? undefined : unexpected(ran, code)
}

function unexpected({ code, stdout, stderr }: Ran, wanted: number): string {
  const words = (stderr.trim() || stdout.trim()).split('\n').slice(-6).join(' ')
  return `exit ${code}, not ${wanted}: ${words.slice(-400)}`
}

/** The cells of one version of PostgreSQL whose findings depend on Node.js. */
export function unlike(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter(({ postgres, found }) => cells.find((each) => each.postgres === postgres)?.found !== found)
}
