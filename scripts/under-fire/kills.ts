import { Draw } from './draw.ts'
import { type Campaign, type Fault, repeat } from './fault.ts'
import { guestsOf, type Production, startProduction, untilAlone } from './production.ts'
import { runThere } from './run-there.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

/** After so many kills the command is started once more, and what is there then is left for good. */
const sweptEvery = 10

/**
 * Kill commands by SIGKILL at random instants, and see that the next start leaves no process, run directory, database or role of them.
 *
 * Kills that share a sweep share their fault: it is said with all of their commands.
 */
export async function fireKills(campaign: Campaign): Promise<readonly Fault[]> {
  await using workshop = await openWorkshop()
  await using production = await startProduction()
  const { session } = production
  for (const name of ['drifted', 'copied']) await session.script(`CREATE DATABASE ${name}`)
  const before = await guestsOf(session)
  const lengths = new Map<string, number>()
  const pending: { pid: number; said: string }[] = []
  let done = 0
  return await repeat(campaign, async (seed) => {
    const draw = new Draw(seed)
    const args = await commandOf(draw, production)
    const length = lengths.get(args[0]) ?? (await runThere(args, workshop)).tookMs
    lengths.set(args[0], length)
    const afterMs = draw.int(Math.ceil(length))
    const { pid, code } = await killedRun(args, afterMs, workshop)
    pending.push({
      pid,
      said: `${args.join(' ').replaceAll(/postgresql:\S+/g, 'URL')}: ${code === -1 ? `killed after ${afterMs} ms` : 'ended before'}`,
    })
    done += 1
    if (done % sweptEvery !== 0 && done !== campaign.times) return []
    const left = await leftAfterNextStart(pending, production, workshop, before)
    const commands = pending.splice(0).map(({ said }) => said)
    return left.map((wrong) => ({ seed: seed + 1 - commands.length, done: commands.join('; '), wrong }))
  })
}

async function commandOf(draw: Draw, { session, urlOf }: Production): Promise<readonly [string, ...string[]]> {
  const choice = draw.int(8)
  if (choice === 6) {
    await untilAlone(session)
    await session.script('DROP DATABASE copied WITH (FORCE)')
    await session.script('CREATE DATABASE copied')
    return ['rehearse', 'sound', '--on', urlOf('copied'), '--this-is-a-copy', '--no-growth']
  }
  const commands: readonly [string, ...string[]][] = [
    ['verify', 'sound', '--runs', '10'],
    ['verify', 'lossy', '--runs', '10'],
    ['verify', 'steps', '--runs', '5', '--postgres', urlOf('drifted')],
    ['verify', 'sound', '--runs', '10', '--postgres', urlOf('drifted')],
    ['schema', 'diff', 'steps@0001_items', 'steps'],
    ['schema', 'drift', 'steps', '--url', urlOf('drifted')],
    ['init', 'sound', '--force'],
  ]
  return commands[choice % commands.length] ?? ['report']
}

function killedRun(args: readonly string[], afterMs: number, workshop: Workshop) {
  return runThere(args, {
    ...workshop,
    onStart: (child) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
      child.once('exit', () => clearTimeout(timer))
    },
  })
}

async function leftAfterNextStart(
  killed: readonly { readonly pid: number }[],
  { session, urlOf }: Production,
  workshop: Workshop,
  before: readonly string[],
): Promise<readonly string[]> {
  await untilAlone(session)
  const next = []
  for (const more of [[], ['--postgres', urlOf('drifted')]])
    next.push(await runThere(['verify', 'sound', '--runs', '1', ...more], workshop))
  const failed = next.filter(({ code }) => code !== 0).map(({ code, stderr }) => `the next start ends with ${code}: ${stderr}`)
  const after = await guestsOf(session)
  return [
    ...failed,
    ...(await workshop.left([...killed, ...next].map(({ pid }) => pid))),
    ...after.filter((guest) => !before.includes(guest)).map((guest) => `${guest} is left`),
    ...before.filter((guest) => !after.includes(guest)).map((guest) => `${guest} is gone`),
  ]
}
