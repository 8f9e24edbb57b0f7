import { text } from 'node:stream/consumers'
import { type Trial, tryEdits } from './try-edits.ts'

// A process of its own, since Vitest does not run inside Vitest: trials as JSON on standard input, a line of JSON with each answer.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
const trials = JSON.parse(await text(process.stdin)) as readonly Trial[]
await tryEdits(
  trials,
  (trial, answer) => {
    process.stdout.write(`${JSON.stringify({ at: trials.indexOf(trial), answer })}\n`)
  },
  stop.signal,
)
