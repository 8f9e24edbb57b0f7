import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A command as a page shows it. */
export interface PageCommand {
  /** From the root of the repository. */
  readonly page: string
  /** Without prompt and comment. */
  readonly command: string
  /** What the page shows below it; empty where it shows nothing. */
  readonly output: string
}

/** Pages with commands; decisions tell what was, and are not followed. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync('docs', { encoding: 'utf8' }).flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
]

/** The commands in the blocks of a page: lines that begin with `$ `, with the lines below as output, and each line of a block of sh. */
export function commandsOf(page: string): readonly PageCommand[] {
  const text = readFileSync(page, 'utf8')
  // Every block is matched, so that none begins at the end of another one.
  const all = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
  const blocks = all.filter(([, language = '']) => ['sh', 'bash', 'text', ''].includes(language))
  return blocks.flatMap(([, language = '', block = '']) => {
    const prompted = block.split(/^\$ /m)
    if (prompted.length > 1)
      return prompted.slice(1).map((part) => {
        const [command = '', ...output] = part.split('\n')
        return { page, command: withoutComment(command), output: output.join('\n').trimEnd() }
      })
    const lines = block.split('\n').filter((line) => line.trim() !== '')
    // A list of what there is, with what each does.
    if (lines.some((line) => /^godwit \w+ +[[A-Z]/.test(line))) return []
    const isShell = language === 'sh' || language === 'bash' || (language === '' && lines.every((line) => starts.test(line)))
    return isShell ? lines.map((line) => ({ page, command: withoutComment(line), output: '' })) : []
  })
}

const starts = /^(npx|npm|godwit|git|psql|createdb|[A-Z_]+=\S+) /

function withoutComment(line: string): string {
  return line.replace(/\s+#\s.*$|(?<=\S) {3,}.*$/, '').trim()
}

/** What follows `godwit` in the commands of a page, in its blocks and in its sentences: the subcommand and its options. */
export function godwitWords(page: string): readonly { readonly subcommand: string; readonly options: readonly string[] }[] {
  const text = readFileSync(page, 'utf8')
  const inText = [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`((?:npx )?godwit [a-z][^`]*)`/g)].map(
    ([, command = '']) => command,
  )
  return [...commandsOf(page).flatMap(({ command }) => command.split('&&')), ...inText].flatMap((command) => {
    const [, subcommand, rest = ''] = /(?:^|\s)godwit ([a-z]+)\b(.*)$/.exec(command.trim()) ?? []
    return subcommand === undefined ? [] : [{ subcommand, options: [...rest.matchAll(/(?<=\s)--[a-z-]+/g)].map(([option]) => option) }]
  })
}
