import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { builtCommand } from '../../build-command.ts'
import { type GuidePart, readGuide, runInShell, writeGuide } from '../../kv-to-tables/guide.ts'

export interface PageRun {
  /** Where its commands run. */
  readonly directory: string
  readonly env?: Readonly<Record<string, string>>
  /** Names that a reader would have, for those of this run. */
  readonly named?: (output: string) => string
  /** What happens before a command, by its place from 0. */
  readonly before?: Readonly<Record<number, () => Promise<unknown>>>
  /** What differs from run to run taken out; by default nothing. */
  readonly timeless?: (output: string) => string
}

/**
 * Run every command of a page of `docs/`, and expect what the page says; `GODWIT_UPDATE_GUIDE=true` writes it into the page instead.
 *
 * @returns How many commands there were.
 */
export async function runPage(page: string, { directory, env = {}, before = {}, named = same, timeless = same }: PageRun): Promise<number> {
  const update = process.env.GODWIT_UPDATE_GUIDE === 'true'
  const found: GuidePart[] = []
  let commands = 0
  for (const part of readGuide(await readFile(page, 'utf8'))) {
    if ('prose' in part) {
      found.push(part)
      continue
    }
    const ran: { command: string; output: string }[] = []
    for (const { command, output } of part.commands) {
      await before[commands]?.()
      commands += 1
      const here = `cd ${directory} && ${command.replaceAll('npx godwit', `${process.execPath} ${builtCommand}`)}`
      const printed = named(await runInShell(here, env))
      ran.push({ command, output: printed })
      if (!update) expect(`$ ${command}\n${timeless(printed)}`).toBe(`$ ${command}\n${timeless(output)}`)
    }
    found.push({ commands: ran })
  }
  if (update) await writeFile(page, writeGuide(found))
  return commands
}

const same = (output: string): string => output
