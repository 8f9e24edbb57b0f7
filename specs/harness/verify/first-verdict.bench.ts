import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { resultSchema } from '../../../harness/report/index.ts'
import { type Figure, measure, roundsOr } from '../bench-support.ts'

// The command as a user types it, a process for each round; the caches of the machine (binaries, initdb) are warm, as after a first run.
const root = fileURLToPath(new URL('../../..', import.meta.url))
const mark = new URL('./mark-first-connection.mjs', import.meta.url).href

interface Verdict {
  readonly wallMs: number
  /** From the start of the process to the first session that the server let in. */
  readonly connectedMs: number
  readonly timings: Readonly<Record<string, number>>
}

async function firstVerdict(): Promise<Verdict> {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-bench-'))
  try {
    const file = join(directory, 'connected')
    const args = ['--import', mark, 'bin/godwit.mjs', 'verify', 'migrations/stock-batches', '--runs', '100', '--json']
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

function figuresOf(verdicts: readonly Verdict[]): readonly Figure[] {
  const stages = [...new Set(verdicts.flatMap(({ timings }) => Object.keys(timings)))]
  const sumOf = (timings: Verdict['timings']) => Object.values(timings).reduce((sum, ms) => sum + ms, 0)
  return [
    { what: 'first verdict', values: verdicts.map(({ wallMs }) => wallMs / 1_000), unit: ' s', budget: { most: 5 } },
    { what: 'first connection', values: verdicts.map(({ connectedMs }) => connectedMs / 1_000), unit: ' s', budget: { most: 1.2 } },
    ...stages.map((stage) => ({ what: `stage ${stage}`, values: verdicts.map(({ timings }) => timings[stage] ?? 0), unit: ' ms' })),
    {
      what: 'outside of stages (Node, modules, reports, stopping the server)',
      values: verdicts.map(({ wallMs, timings }) => wallMs - sumOf(timings)),
      unit: ' ms',
    },
  ]
}

measure('First verdict of migrations/stock-batches, 100 edge runs, embedded cluster', async () => {
  const verdicts: Verdict[] = []
  for (let round = 0; round < roundsOr(5); round += 1) verdicts.push(await firstVerdict())
  return figuresOf(verdicts)
})
