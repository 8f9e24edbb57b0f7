import { Draw } from './draw.ts'
import type { Campaign, Fault } from './fault.ts'
import { guestsOf, startProduction, untilAlone } from './production.ts'
import { runThere } from './run-there.ts'
import { openWorkshop } from './workshop.ts'

const openFiles = 256
const maxConnections = '30'
const verdicts: Readonly<Record<string, number>> = { sound: 0, lossy: 1 }

/**
 * Verify so many times at once, with few open files and, by URL, few connections: each ends with its verdict, or with 3, one message and a hint.
 *
 * @param atOnce  Most that run at the same time.
 */
export async function fireParallel({ times, seed, onDone }: Campaign, atOnce = 20): Promise<readonly Fault[]> {
  await using workshop = await openWorkshop()
  await using production = await startProduction({ max_connections: maxConnections })
  const { session, urlOf } = production
  const before = await guestsOf(session)
  const faults: Fault[] = []
  const pids: number[] = []
  let next = 0
  const work = async () => {
    while (next < times) {
      const at = seed + next
      next += 1
      const draw = new Draw(at)
      const pair = draw.pick(['sound', 'lossy'])
      const byUrl = draw.chance(0.5)
      const report = ['--report', `reports-${at}`]
      const args = ['verify', pair, '--runs', '5', ...report, ...(byUrl ? ['--postgres', urlOf('postgres')] : [])]
      const { pid, code, stderr } = await runThere(args, { ...workshop, openFiles })
      pids.push(pid)
      const messages = stderr.split('\n').filter((line) => line.startsWith('godwit: '))
      const refused = code === 3 && messages.length === 1 && /^Hint: /m.test(stderr) && !stderr.includes('internal error')
      if (code !== verdicts[pair] && !refused)
        faults.push({ seed: at, done: `verify ${pair}${byUrl ? ' by URL' : ''}`, wrong: `it ends with ${code}: ${stderr}` })
      onDone?.(pids.length, faults)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await untilAlone(session)
  // What a run could not clear away for want of a connection is swept by the next.
  const { pid, code, stderr } = await runThere(['verify', 'sound', '--runs', '1', '--postgres', urlOf('postgres')], workshop)
  if (code !== 0) faults.push({ seed, done: 'the next start', wrong: `it ends with ${code}: ${stderr}` })
  const after = await guestsOf(session)
  const left = [
    ...(await workshop.left([...pids, pid])),
    ...after.filter((guest) => !before.includes(guest)).map((guest) => `${guest} is left`),
  ]
  return [...faults, ...left.map((wrong) => ({ seed, done: `${times} runs`, wrong }))]
}
