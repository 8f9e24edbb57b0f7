import { visibleLines } from '../report/index.ts'

/** Write lines to standard output; a name in them, whatever it holds, moves no cursor. Not for JSON, nor for a text with colours of ours. */
export function say(text: string): void {
  process.stdout.write(`${visibleLines(text)}\n`)
}
