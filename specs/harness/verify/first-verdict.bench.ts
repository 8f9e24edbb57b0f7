import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { resultSchema } from '../../../harness/result/index.ts'
import { type Figure, measure, roundsOr } from '../bench-support.ts'

// The command as a user types it, a process for each round; the caches of the machine (binaries, initdb) are warm, as after a first run.
const root = fileURLToPath(new URL('../../..', import.meta.url))
/** As the package has it, compiled, and as a checkout runs it. */
const entries = { 'as installed': 'dist/cli/main.js', 'from source': 'bin/godwit.mjs' } as const
const mark = new URL('./mark-first-connection.mjs', import.meta.url).href

interface Verdict {
  readonly wallMs: number
  /** From the start of the process to the first session that the server let in. */
  readonly connectedMs: number
  readonly timings: Readonly<Record<string, number>>
}

async function firstVerdict(entry: string): Promise<Verdict> {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-bench-'))
  try {
    const file = join(directory, 'connected')
    const args = ['--import', mark, entry, 'verify', 'migrations/stock-batches', '--json']
    const started = performance.now()
    const child = spawn(process.execPath, [...args, '--report', join(directory, 'reports')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, GODWIT_BENCH_MARK: file },
    })
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    const wallMs = performance.now() - started
    if (code !== 0) throw new Error(`the command exited with ${code}`)
    const { timings } = resultSchema.parse(JSON.parse(stdout))
    return { wallMs, connectedMs: Number(await readFile(file, 'utf8')), timings }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

type Verdicts = Readonly<Record<keyof typeof entries, readonly Verdict[]>>

function figuresOf(verdicts: Verdicts): readonly Figure[] {
  const sumOf = (timings: Verdict['timings']) => Object.values(timings).reduce((sum, ms) => sum + ms, 0)
  const installed = verdicts['as installed']
  const stages = [...new Set(installed.flatMap(({ timings }) => Object.keys(timings)))]
  return [
    ...Object.entries(verdicts).flatMap(([how, of]) => [
      { what: `first verdict, ${how}`, values: of.map(({ wallMs }) => wallMs / 1_000), unit: ' s', budget: { most: 2.5 } },
      { what: `first connection, ${how}`, values: of.map(({ connectedMs }) => connectedMs / 1_000), unit: ' s', budget: { most: 0.7 } },
    ]),
    ...stages.map((stage) => ({ what: `stage ${stage}`, values: installed.map(({ timings }) => timings[stage] ?? 0), unit: ' ms' })),
    {
      what: 'outside of stages (Node, modules, reports, stopping the server)',
      values: installed.map(({ wallMs, timings }) => wallMs - sumOf(timings)),
      unit: ' ms',
    },
  ]
}

measure('First verdict of migrations/stock-batches, embedded cluster', async () => {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: root })
  const verdicts: Record<keyof typeof entries, Verdict[]> = { 'as installed': [], 'from source': [] }
  for (let round = 0; round < roundsOr(5); round += 1)
    for (const how of ['as installed', 'from source'] as const) verdicts[how].push(await firstVerdict(entries[how]))
  return figuresOf(verdicts)
})
