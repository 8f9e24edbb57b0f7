import { fileURLToPath } from 'node:url'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { readPair } from '../../../harness/formats/index.ts'
import { parseScript, type Step } from '../../../harness/migration/index.ts'
import { type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { CloneStages } from '../../../harness/run/stage.ts'
import { TransactionStages } from '../../../harness/run/transaction-stage.ts'
import { type Figure, measure, ratios, roundsOr } from '../bench-support.ts'
import { Rounds } from '../snapshot/rounds.ts'

// What a run costs before anything is run in it: on the legacy schema of stock-batches, whose keys are texts, and on one of serial keys.
const runsOfARound = 10
const bare = 'one round trip'
const stockBatches = fileURLToPath(new URL('../../../migrations/stock-batches', import.meta.url))

interface Schema {
  readonly contenders: Readonly<Record<string, () => Promise<void>>>
  readonly figures: (rounds: Rounds) => readonly Figure[]
}

measure('Isolation of a run around nothing', async () => {
  await using cluster = await startCluster({ kind: 'embedded' })
  const { legacy } = await readPair(stockBatches)
  await using first = await headOf(cluster, 'stock-batches', legacy.map((script) => script.text).join('\n'))
  const serial = Array.from({ length: 5 }, (_, at) => `CREATE TABLE t${at} (id bigserial PRIMARY KEY, note text)`).join('; ')
  await using second = await headOf(cluster, '5 serial keys', serial)
  const schemas = [await bothRungs(cluster, first), await bothRungs(cluster, second)]

  const rounds = new Rounds(
    Object.assign({ [bare]: () => times(() => first.session.script('SELECT 1')) }, ...schemas.map(({ contenders }) => contenders)),
  )
  for (let round = 0; round < roundsOr(15); round += 1) await rounds.round()
  return [{ what: bare, values: perRun(rounds, bare), unit: ' ms' }, ...schemas.flatMap(({ figures }) => figures(rounds))]
})

type Head = Awaited<ReturnType<typeof headOf>>

async function headOf(cluster: StartedCluster, name: string, sql: string) {
  const template = await cluster.template(name, async (database) => {
    await using session = await database.connect({ as: 'owner' })
    await session.script(sql)
  })
  const database = await cluster.clone(template)
  const session: Session = await database.connect()
  return { name, template, session, [Symbol.asyncDispose]: () => session.close() }
}

/** Both rungs around nothing on one schema, and the figures that come of them. */
async function bothRungs(cluster: StartedCluster, { name, template, session }: Head): Promise<Schema> {
  const nothing: Step = { kind: 'sql', script: await parseScript('nothing.sql', 'SELECT 1') }
  const catalog = await readCatalog(session)
  const transactions = new TransactionStages(() => session, cluster.owner, catalog)
  const clones = new CloneStages({ cluster, template: async () => template, role: cluster.owner, settings: {}, roles: undefined })
  const [around, phases, clone] = [`${name}: rung 1`, `${name}: rung 1 with two phases`, `${name}: clone, connect, drop`] as const
  return {
    contenders: {
      [around]: () => times(() => transactions.run(async () => undefined)),
      [phases]: () =>
        times(() =>
          transactions.run(async (stage) => {
            await stage.apply(nothing)
            await stage.apply(nothing)
          }),
        ),
      [clone]: () => times(() => clones.run((stage) => stage.look(async () => undefined))),
    },
    figures: (rounds) => [
      {
        what: `${around}, ${catalog.sequences.length} sequences`,
        values: perRun(rounds, around),
        unit: ' ms',
        budget: { most: 1 },
      },
      { what: phases, values: perRun(rounds, phases), unit: ' ms' },
      { what: clone, values: perRun(rounds, clone), unit: ' ms' },
      { what: `${clone}, to rung 1`, values: ratios(perRun(rounds, clone), perRun(rounds, around)), unit: ' ×', budget: { least: 40 } },
    ],
  }
}

async function times(work: () => Promise<unknown>): Promise<void> {
  for (let run = 0; run < runsOfARound; run += 1) await work()
}

function perRun(rounds: Rounds, name: string): readonly number[] {
  return rounds.times(name).map((ms) => ms / runsOfARound)
}
