import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { InputError } from '../../harness/errors.ts'
import { parseInterleaving } from '../../harness/interleavings/index.ts'
import { startCluster } from '../../harness/postgres/index.ts'
import { renderInterleavingPage } from '../../harness/report/index.ts'
import { Draw } from './draw.ts'
import { type Campaign, type Fault, repeat } from './fault.ts'
import { type HostileCase, plainMakers, serverMakers } from './hostile-cases.ts'
import { canary, hostileJson } from './hostile-text.ts'
import { wrongOutput } from './judge-output.ts'
import { runHere } from './run-here.ts'
import { wrongReports } from './written-reports.ts'

/** Every so many of them is read by a command that works on a server. */
const serverEvery = 40
const interleavingEvery = 20

/**
 * Give commands hostile inputs, and see that each ends with a documented code, one message, and nothing that got out of its text.
 *
 * @param serverOnly  Only what is read with a server.
 */
export async function fireInputs(campaign: Campaign, share = serverEvery): Promise<readonly Fault[]> {
  await using cluster = await startCluster({ kind: 'embedded', major: undefined })
  const guarded = await cluster.createDatabase()
  const session = await guarded.connect()
  const rows = `CREATE TABLE ${canary} (id int PRIMARY KEY); INSERT INTO ${canary} VALUES (1), (2); CREATE TABLE filled (id int)`
  await session.script(rows)
  // What the harness gives to tools: another run, that comes by URL.
  const url = guarded.url()
  const looked = async () => (await session.query<{ id: number }>(`SELECT id FROM ${canary}`)).length === 2
  const kinds = { plain: Object.entries(plainMakers), server: Object.entries(serverMakers) }
  const faults = await repeat(campaign, async (seed) => {
    const draw = new Draw(seed)
    if (draw.int(interleavingEvery) === 0) return interleaving(seed, draw)
    const onServer = draw.int(share) === 0
    const [kind, make] = draw.pick((onServer ? kinds.server : kinds.plain) as [(typeof kinds.plain)[number]])
    const wrong = await tryCase((make as (draw: Draw, url: string) => HostileCase)(draw, url))
    if (onServer && !(await looked().catch(() => false))) wrong.wrong.push('the canary table is not what it was')
    return wrong.wrong.map((one) => ({ seed, done: `${kind}: godwit ${JSON.stringify(wrong.args).replaceAll(url, 'URL')}`, wrong: one }))
  })
  await session.close()
  return faults
}

async function tryCase({ files, args }: HostileCase): Promise<{ readonly args: readonly string[]; readonly wrong: string[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'under-fire-'))
  try {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, file)), { recursive: true })
      await writeFile(join(directory, file), text)
    }
    const ran = await runHere(directory, args)
    const wrong = [...wrongOutput(ran, args), ...(await wrongReports(directory, files))]
    if (existsSync(join(directory, canary)) || existsSync(canary)) wrong.push('a shell made the canary file')
    return { args, wrong: wrong.map((one) => `${one} (exit ${ran.code}: ${JSON.stringify(ran.stderr.slice(0, 400))})`) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Interleavings are read by specs, not by a command. */
function interleaving(seed: number, draw: Draw): readonly Fault[] {
  const text = hostileJson(draw, {
    version: 1,
    seed: 7,
    sessions: {
      a: { isolation: 'read committed', steps: ['SELECT 1', { operation: 'pay', input: { id: 1 } }] },
      b: { steps: ['SELECT 2'] },
    },
    turns: ['a', 'b', 'a'],
    violation: { message: 'x', after: 1 },
    statements: [],
  })
  try {
    renderInterleavingPage('x', parseInterleaving(text), 'npx vitest run x')
    return []
  } catch (error) {
    if (error instanceof InputError) return []
    return [{ seed, done: `interleaving: ${text}`, wrong: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) }]
  }
}
