import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { repository } from './scratch.ts'
import type { Answer, Trial } from './try-edits.ts'

/** A trial and what came of it. */
export interface Tried {
  readonly trial: Trial
  readonly answer: Answer
}

/**
 * Try edits in processes of their own, which share them out.
 *
 * @param told  Called with each answer as it comes.
 * @throws {Error} When a process ends before it has given all its answers.
 */
export async function tryInLanes(trials: readonly Trial[], lanes: number, told: (tried: Tried) => void): Promise<void> {
  const shares = Array.from({ length: lanes }, (_, lane) => trials.filter((_, at) => at % lanes === lane))
  await Promise.all(shares.filter((share) => share.length > 0).map((share) => tryInLane(share, told)))
}

async function tryInLane(trials: readonly Trial[], told: (tried: Tried) => void): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(repository, 'specs/mutation/lane.ts')], {
    cwd: repository,
    env: environment(),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part
  })
  try {
    child.stdin.end(JSON.stringify(trials))
    let answers = 0
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{"at":')) continue
      const { at, answer } = JSON.parse(line) as { readonly at: number; readonly answer: Answer }
      const trial = trials[at]
      if (trial === undefined) throw new Error(`there is no trial ${at}`)
      answers += 1
      told({ trial, answer })
    }
    await ended
    if (answers !== trials.length) throw new Error(`${answers} of ${trials.length} trials were answered: ${errors.slice(-2000)}`)
  } finally {
    child.kill()
    await ended
  }
}

/** Without what belongs to the Vitest around it; each edit was found red under the seed of the gate, and under another it may need more runs. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|GODWIT_|TEST$|NODE_OPTIONS$|DEV$|PROD$|MODE$|SSR$)/.test(name))
  return Object.fromEntries(own)
}
