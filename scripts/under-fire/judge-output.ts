import type { Ran } from './run-here.ts'

const documented = [0, 1, 2, 3, 4]

/** What is wrong with how a command ended and with what it wrote: nothing, for most. */
export function wrongOutput({ code, stdout, stderr }: Ran, [command]: readonly string[]): readonly string[] {
  const wrong: string[] = []
  const messages = stderr.split('\n').filter((line) => line.startsWith('godwit: '))
  if (!documented.includes(code)) wrong.push(`the exit code is ${code}`)
  if ((code === 2 || code === 3) && messages.length !== 1) wrong.push(`${messages.length} messages that begin with "godwit: "`)
  if (/internal error/.test(stderr)) wrong.push('an internal error')
  if (/^ {4}at /m.test(`${stdout}\n${stderr}`)) wrong.push('a stack trace')
  for (const [name, text] of [
    ['standard output', stdout],
    ['standard error', stderr],
  ] as const) {
    const control = /[^\P{Cc}\n\t]/u.exec(text)
    // A patch in a pipe has what the files have.
    const isPatch = command === 'references' && name === 'standard output'
    if (control !== null && !isPatch) wrong.push(`${name} has U+${hex(control[0])} in ${JSON.stringify(around(text, control.index))}`)
  }
  return wrong
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
}

function around(text: string, at: number): string {
  return text.slice(Math.max(0, at - 60), at + 40)
}
