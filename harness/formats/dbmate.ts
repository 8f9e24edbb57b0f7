import { InputError } from '../errors.ts'
import type { Script } from '../migration/index.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { duplicateCheck, readStep } from './read-step.ts'
import { downScriptOf, keepOnly, type ScriptParts, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

const pattern = /^(\d+)[^/]*\.sql$/
const marker = /^--[^\S\r\n]*migrate:(up|down)([^\S\r\n]*$|[^\S\r\n]+\S+.*$)/gm

/**
 * `<digits>….sql` in one folder, by file name, with `-- migrate:up` and `-- migrate:down` blocks. Each block goes in one transaction, or, with
 * `transaction:false`, in one message: then the server still wraps several statements in one.
 *
 * @see https://github.com/amacneil/dbmate/blob/main/pkg/dbmate/migration.go
 */
export const dbmate: Format<'dbmate'> = {
  id: 'dbmate',
  marker: '"-- migrate:up" in SQL files',
  historyTables: ['schema_migrations'],
  marks: async (folder) => ((await folder.contains(/^--[^\S\r\n]*migrate:up\b/m)) ? 'strong' : undefined),
  read: async (folder) => {
    const reading = { folder, tool: 'dbmate', warnings: [] as string[] }
    const names = folder.files.filter((name) => pattern.test(name))
    const versioned = names.map((name) => ({ name, version: pattern.exec(name)?.[1] ?? name }))
    const refuseDuplicate = duplicateCheck(folder, versioned)
    const steps = []
    for (const { name, version } of versioned) {
      const step = await readStep(reading, { name, version, files: [name] }, async () => {
        refuseDuplicate(name)
        const { up, down } = blocksOf(folder, name, await folder.text(name))
        const [upScript, downScript] = [await scriptOf(reading, name, up), await downScriptOf(reading, name, down)]
        for (const each of [upScript, downScript]) warnOfTransactionControl(reading, each)
        return { up: upScript, down: downScript }
      })
      steps.push(step)
    }
    const rest = folder.files.filter((name) => !names.includes(name))
    return {
      steps,
      ignored: ignoredFiles(rest, 'not named "<digits>….sql" in the folder itself'),
      warnings: reading.warnings,
      downs: 'required',
    }
  },
}

type Direction = 'up' | 'down'

interface Block {
  readonly direction: Direction
  readonly start: number
  readonly end: number
  readonly transaction: boolean
}

/** @throws {InputError} for what dbmate refuses: no up, no down, a down first, SQL before the first up. */
function blocksOf(folder: Folder, name: string, text: string): Readonly<Record<Direction, ScriptParts>> {
  const shown = folder.shown(name)
  const found = [...text.matchAll(marker)]
  const blocks: readonly Block[] = found.map((match, at) => ({
    direction: match[1] === 'up' ? 'up' : 'down',
    start: match.index + match[0].length,
    end: found[at + 1]?.index ?? text.length,
    transaction: !/\btransaction:false\b/.test(match[2] ?? ''),
  }))
  refuseIndented(shown, text, blocks)
  if (!blocks.some(({ direction }) => direction === 'up')) throw new InputError(`"${shown}" has no "-- migrate:up"`)
  if (blocks[0]?.direction === 'down') throw new InputError(`"${shown}" has its "-- migrate:down" before "-- migrate:up"`)
  if (!blocks.some(({ direction }) => direction === 'down')) {
    throw new InputError(`"${shown}" has no "-- migrate:down"`, { hint: 'dbmate requires the block; it may be empty.' })
  }
  const before = text.slice(0, found[0]?.index).replace(/^\uFEFF/, '')
  if (/^(?!\s*(--|$)).*\S/m.test(before)) {
    throw new InputError(`"${shown}" has SQL before its first "-- migrate:up"`, { hint: 'Only comments may stand there.' })
  }
  return { up: partsOf(blocks, 'up', text), down: partsOf(blocks, 'down', text) }
}

/** An annotation that is missing, and stands in the file with blanks in front, is the usual mistake. */
function refuseIndented(shown: string, text: string, blocks: readonly Block[]): void {
  for (const [line, content] of text.split('\n').entries()) {
    const direction = /^[^\S\n]+--[^\S\n]*migrate:(up|down)\b/.exec(content)?.[1]
    if (direction === undefined || blocks.some((block) => block.direction === direction)) continue
    throw new InputError(`${shown}:${line + 1}: "-- migrate:${direction}" has blanks in front of it`, {
      hint: 'dbmate finds an annotation only at the start of a line.',
    })
  }
}

function partsOf(blocks: readonly Block[], direction: Direction, text: string): ScriptParts {
  const own = blocks.filter((block) => block.direction === direction)
  const mode: Script['mode'] = own.every((block) => block.transaction) ? 'transaction' : 'message'
  return {
    mode,
    text: keepOnly(
      text,
      own.map(({ start, end }) => [start, end] as const),
    ),
  }
}
