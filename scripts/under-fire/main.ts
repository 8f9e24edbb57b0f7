import { parseArgs } from 'node:util'
import type { Campaign, Fault } from './fault.ts'
import { fireInputs } from './inputs.ts'

const campaigns: Readonly<Record<string, (campaign: Campaign) => Promise<readonly Fault[]>>> = {
  inputs: fireInputs,
}

// npm run fire -- kills|inputs|neighbours|parallel [--times N] [--seed N]
const { positionals, values } = parseArgs({ allowPositionals: true, options: { times: { type: 'string' }, seed: { type: 'string' } } })
const [name = ''] = positionals
const campaign = campaigns[name]
if (campaign === undefined) throw new Error(`"${name}" is none of ${Object.keys(campaigns).join(', ')}`)
const times = Number(values.times ?? 10)
const seed = values.seed === undefined ? Date.now() % 0x7fff_ffff : Number(values.seed)
process.stdout.write(`${name}: ${times} times, seed ${seed}\n`)
const startedMs = performance.now()
const every = Math.max(1, Math.floor(times / 20))
const faults = await campaign({
  times,
  seed,
  onDone: (done, found) => {
    if (done % every === 0)
      process.stdout.write(`${done} done, ${found} faults, ${Math.round((performance.now() - startedMs) / 1_000)} s\n`)
  },
})
for (const fault of faults) process.stdout.write(`\nseed ${fault.seed}: ${fault.done}\n  ${fault.wrong}\n`)
process.stdout.write(`\n${times} times, ${faults.length} faults, ${Math.round((performance.now() - startedMs) / 1_000)} s\n`)
process.exitCode = faults.length === 0 ? 0 : 1
