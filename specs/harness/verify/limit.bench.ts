import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { type ClusterAddress, joinCluster, startCluster } from '../../../harness/postgres/index.ts'
import { type Figure, measure, ratios, roundsOr } from '../bench-support.ts'
import { generatedHistory } from '../history/generated-history.ts'
import { recordTape, replayTape, type Tape } from './tape.ts'

// What PostgreSQL alone needs for a verification: its messages are recorded once, and sent again by a client that does nothing else.
// GODWIT_LIMIT_PATH names a project of the user's own in place of the usual subjects; GODWIT_BENCH_STEPS and GODWIT_BENCH_TABLES size the history.
const budget = { most: 1.5 } as const

const oneTable = {
  'legacy.sql': 'CREATE TABLE prices (id serial PRIMARY KEY, name text NOT NULL, price numeric(10, 2), note text);',
  'up.sql': 'ALTER TABLE prices ADD COLUMN cents bigint;\nUPDATE prices SET cents = price * 100;\nALTER TABLE prices DROP COLUMN price;\n',
  'down.sql':
    'ALTER TABLE prices ADD COLUMN price numeric(10, 2);\nUPDATE prices SET price = cents / 100.0;\nALTER TABLE prices DROP COLUMN cents;\n',
}

/** Ten tables in a row of references, each rewritten. */
function tenTables(): Readonly<Record<string, string>> {
  const names = Array.from({ length: 10 }, (_, at) => `t${at}`)
  const create = names.map((name, at) => {
    const parent = at === 0 ? '' : `, parent_id bigint REFERENCES t${at - 1} (id)`
    return `CREATE TABLE ${name} (id bigserial PRIMARY KEY${parent}, name text NOT NULL, amount integer, made timestamptz DEFAULT now());`
  })
  return {
    'legacy.sql': create.join('\n'),
    'up.sql': names.map((name) => `ALTER TABLE ${name} ALTER COLUMN amount TYPE bigint, ADD COLUMN seen boolean DEFAULT false;`).join('\n'),
    'down.sql': names.map((name) => `ALTER TABLE ${name} ALTER COLUMN amount TYPE integer, DROP COLUMN seen;`).join('\n'),
  }
}

/** A verification in this process, on a server of its own that is up already. */
async function verified(address: ClusterAddress, path: string): Promise<number> {
  const cluster = await joinCluster(address)
  try {
    const sources = await readSources([path], {})
    const started = performance.now()
    await verifyOn(cluster, sources, {}, {})
    return performance.now() - started
  } finally {
    await cluster.leave()
  }
}

async function onServer<Result>(work: (address: ClusterAddress) => Promise<Result>): Promise<Result> {
  await using cluster = await startCluster({ kind: 'embedded' })
  return await work(cluster.address)
}

async function figuresOf(name: string, path: string, rounds: number): Promise<readonly Figure[]> {
  const tape: Tape = await onServer(async (address) => {
    return recordTape(address, async (through) => {
      await verified({ ...address, ...through }, path)
    })
  })
  const [walls, limits]: [number[], number[]] = [[], []]
  let refused = 0
  for (let round = 0; round < rounds; round += 1) {
    walls.push(await onServer((address) => verified(address, path)))
    const { ms, errors } = await onServer(async (address) => {
      return replayTape(tape, address)
    })
    limits.push(ms)
    refused = errors
  }
  console.log(`${name}: ${tape.messages} messages, ${tape.bytes} bytes; refused ${tape.errors} when recorded, ${refused} when sent again`)
  return [
    { what: `${name}: verified`, values: walls, unit: ' ms' },
    { what: `${name}: the same messages alone`, values: limits, unit: ' ms' },
    { what: `${name}: wall ÷ limit`, values: ratios(walls, limits), unit: ' ×', budget },
  ]
}

measure('Verification to its limit, the server alone', async () => {
  const own = process.env.GODWIT_LIMIT_PATH
  if (own !== undefined && own !== '') return figuresOf(basename(own), own, roundsOr(1))
  const directory = await mkdtemp(join(tmpdir(), 'godwit-bench-'))
  try {
    const history = generatedHistory(Number(process.env.GODWIT_BENCH_STEPS ?? 100), Number(process.env.GODWIT_BENCH_TABLES ?? 24))
    const written = { one: oneTable, ten: tenTables(), history }
    for (const [name, files] of Object.entries(written)) {
      await mkdir(join(directory, name))
      for (const [file, text] of Object.entries(files)) await writeFile(join(directory, name, file), text)
    }
    return [
      ...(await figuresOf('stock-batches', 'migrations/stock-batches', roundsOr(3))),
      ...(await figuresOf('one table', join(directory, 'one'), roundsOr(3))),
      ...(await figuresOf('ten tables', join(directory, 'ten'), roundsOr(3))),
      ...(await figuresOf(`history of ${Object.keys(history).length} steps`, join(directory, 'history'), roundsOr(1))),
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
