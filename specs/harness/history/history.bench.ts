import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { resultSchema } from '../../../harness/result/index.ts'
import { type Figure, measure } from '../bench-support.ts'
import { generatedHistory } from './generated-history.ts'

// The command as a user types it, on a history of the design's size; GODWIT_BENCH_STEPS and GODWIT_BENCH_TABLES take another.
const root = fileURLToPath(new URL('../../..', import.meta.url))
const steps = Number(process.env.GODWIT_BENCH_STEPS ?? 500)
const tables = Number(process.env.GODWIT_BENCH_TABLES ?? 120)

async function verifyHistory(): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-bench-'))
  try {
    const migrations = join(directory, 'migrations')
    await mkdir(migrations)
    for (const [name, sql] of Object.entries(generatedHistory(steps, tables))) await writeFile(join(migrations, name), sql)
    const args = ['bin/godwit.mjs', 'verify', migrations, '--json', '--no-cache', '--report', join(directory, 'reports')]
    const started = performance.now()
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
    const memory = peakOf(child.pid ?? 0)
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')])
    const seconds = (performance.now() - started) / 1_000
    const { timings, migrations: verdicts } = resultSchema.parse(JSON.parse(stdout))
    const stages = Object.entries(timings).sort(([, left], [, right]) => right - left)
    return [
      { what: `${verdicts.length} steps, ${tables} tables`, values: [seconds], unit: ' s', budget: { most: 120 } },
      { what: 'peak memory of the command', values: [await memory.stop()], unit: ' MB' },
      ...stages.map(([stage, ms]) => ({ what: `stage ${stage} (two at a time)`, values: [ms / 1_000], unit: ' s' })),
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The largest resident set of a process, in MB, as Linux counts it; NaN elsewhere. */
function peakOf(pid: number): { readonly stop: () => Promise<number> } {
  let peak = Number.NaN
  const read = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const found = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]
    if (found !== undefined) peak = Number(found) / 1_024
  }
  const timer = setInterval(read, 500)
  return {
    stop: async () => {
      clearInterval(timer)
      return peak
    },
  }
}

measure('A generated history, no cache, embedded cluster', verifyHistory)
