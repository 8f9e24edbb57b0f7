import { logKey, notify, readPlan, type Sight, sightBlock, sightLine, watchDatabase } from '../operations/index.ts'
import type { CommandContext, ObserveFlags } from './command-context.ts'
import { urlOf } from './url-of.ts'

const EVERY_MS = 2_000
const BAD_WAIT_MS = 1_000

/** `godwit observe --watch`: show the database until Ctrl-C, or until nobody reads what is shown. */
export async function watchSights(path: string | undefined, flags: ObserveFlags, context: CommandContext): Promise<void> {
  const closed = new AbortController()
  process.stdout.once('close', () => closed.abort())
  process.stdout.once('error', () => closed.abort())
  const signal = AbortSignal.any([context.signal, closed.signal])
  const plan = path === undefined ? undefined : await readPlan(path)
  const show = flags.json === true ? showJson : process.stdout.isTTY ? blockShower() : lineShower()
  const told = new Notifications(flags.notify, signal)
  const { every = EVERY_MS, badWait = BAD_WAIT_MS } = flags
  for await (const sight of watchDatabase({ url: urlOf(flags), plan, everyMs: every, badWaitMs: badWait, signal })) {
    show(sight)
    told.look(sight)
  }
  await told.ended()
}

function showJson(sight: Sight): void {
  process.stdout.write(`${JSON.stringify(sight)}\n`)
}

/** Writes over the block before. */
function blockShower(): (sight: Sight) => void {
  let lines = 0
  return (sight) => {
    const block = sightBlock(sight, process.stdout.columns ?? 80)
    process.stdout.write(`${lines === 0 ? '' : `\u001b[${lines}A\u001b[J`}${block}`)
    lines = block.split('\n').length - 1
  }
}

/** A line where something has changed. */
function lineShower(): (sight: Sight) => void {
  let before: string | undefined
  return (sight) => {
    const key = logKey(sight)
    if (key !== before) process.stdout.write(sightLine(sight))
    before = key
  }
}

/** Tells whoever wants to know when the state turns bad, and when it turns good again; one after the other. */
class Notifications {
  readonly #target: string | undefined
  readonly #signal: AbortSignal
  #before: Sight['state'] = 'good'
  #under: Promise<void> = Promise.resolve()

  constructor(target: string | undefined, signal: AbortSignal) {
    this.#target = target
    this.#signal = signal
  }

  look(sight: Sight): void {
    const target = this.#target
    if (sight.state === this.#before || target === undefined) return
    this.#before = sight.state
    this.#under = this.#under.then(async () => {
      if (this.#signal.aborted) return
      const problem = await notify(target, `${JSON.stringify(sight)}\n`, this.#signal)
      if (problem !== undefined) process.stderr.write(`godwit: ${problem}\n`)
    })
  }

  ended(): Promise<void> {
    return this.#under
  }
}
