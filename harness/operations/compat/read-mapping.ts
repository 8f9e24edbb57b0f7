import { readFile } from 'node:fs/promises'
import { LineCounter, type Node, parseDocument } from 'yaml'
import type * as z from 'zod'
import { InputError } from '../../errors.ts'
import { shownPath } from '../../migration/index.ts'
import { type CompatMapping, mappingSchema } from './mapping.ts'

/**
 * Read a mapping from a file of YAML or JSON.
 *
 * @throws {InputError} For a file that cannot be read, does not parse, or says what no mapping says: with file, line and key.
 */
export async function readMapping(file: string): Promise<CompatMapping> {
  const shown = shownPath(file)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new InputError(`the mapping "${shown}" cannot be read: ${code}`, { cause, hint: 'docs/rename-a-table.md shows one.' })
  })
  return parseMapping(text, shown)
}

/**
 * The same for a text.
 *
 * @param shown  Its file, as messages name it.
 * @throws {InputError} As {@link readMapping}.
 */
export function parseMapping(text: string, shown: string): CompatMapping {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [broken] = document.errors
  if (broken !== undefined) throw new InputError(`${shown}:${lines.linePos(broken.pos[0]).line}: ${firstLine(broken.message)}`)
  const checked = mappingSchema.safeParse(document.toJS())
  if (checked.success) return checked.data
  const lineOf = (path: readonly PropertyKey[]) => {
    const keys = path.map((each) => (typeof each === 'symbol' ? String(each) : each))
    for (let length = keys.length; length >= 0; length -= 1) {
      const node = document.getIn(keys.slice(0, length), true) as Node | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const [first = 'is not a mapping', ...more] = checked.error.issues.flatMap((issue) =>
    wordsOf(issue).map(({ path, words }) => `${shown}:${lineOf(path)}: ${words}`),
  )
  throw new InputError(first, {
    detail: more.length === 0 ? undefined : `And further: ${more.join('; ')}.`,
    hint: 'docs/rename-a-table.md and docs/split-a-column.md explain what a mapping says.',
  })
}

function wordsOf(issue: z.core.$ZodIssue): readonly { readonly path: readonly PropertyKey[]; readonly words: string }[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], words: `unknown key "${[...issue.path, key].join(' → ')}"` }))
  const at = issue.path.join(' → ')
  const words = issue.message.replace(/^Invalid (input|option): /, '')
  return [{ path: issue.path, words: at === '' ? words : `"${at}" ${/^(is|has) /.test(words) ? words : `is wrong: ${words}`}` }]
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? text).replace(/ at line \d+, column \d+:?$/, '')
}
