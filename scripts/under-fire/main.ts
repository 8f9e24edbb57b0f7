import { parseArgs } from 'node:util'
import buildCommand from '../../specs/build-command.ts'
import type { Campaign, Fault } from './fault.ts'
import { fireInputs } from './inputs.ts'
import { fireKills } from './kills.ts'
import { fireNeighbours } from './neighbours.ts'
import { fireParallel } from './parallel.ts'

const campaigns: Readonly<Record<string, (campaign: Campaign) => Promise<readonly Fault[]>>> = {
  kills: fireKills,
  inputs: (campaign) => fireInputs(campaign),
  neighbours: fireNeighbours,
  parallel: (campaign) => fireParallel(campaign),
}

// npm run fire -- kills|inputs|neighbours|parallel [--times N] [--seed N]
const { positionals, values } = parseArgs({ allowPositionals: true, options: { times: { type: 'string' }, seed: { type: 'string' } } })
const [name = ''] = positionals
const campaign = campaigns[name]
if (campaign === undefined) throw new Error(`"${name}" is none of ${Object.keys(campaigns).join(', ')}`)
await buildCommand()
const times = Number(values.times ?? 10)
const seed = values.seed === undefined ? Date.now() % 0x7fff_ffff : Number(values.seed)
process.stdout.write(`${name}: ${times} times, seed ${seed}\n`)
const startedMs = performance.now()
const every = Math.max(1, Math.floor(times / 20))
let shown = 0
const show = (fault: Fault | undefined) => {
  if (fault !== undefined) process.stdout.write(`\nseed ${fault.seed}: ${fault.done}\n  ${fault.wrong}\n`)
}
const faults = await campaign({
  times,
  seed,
  onDone: (done, found) => {
    for (; shown < found.length; shown += 1) show(found[shown])
    if (done % every === 0)
      process.stdout.write(`${done} done, ${shown} faults, ${Math.round((performance.now() - startedMs) / 1_000)} s\n`)
  },
})
for (const fault of faults.slice(shown)) show(fault)
process.stdout.write(`\n${times} times, ${faults.length} faults, ${Math.round((performance.now() - startedMs) / 1_000)} s\n`)
process.exitCode = faults.length === 0 ? 0 : 1
