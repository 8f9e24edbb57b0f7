import { counted, visibleText } from '../../report/index.ts'
import type { SchemaChange, SchemaDiff } from './diff.ts'
import type { Level } from './levels.ts'
import { line, words } from './render-drift.ts'

const levels: Readonly<Record<Level, string>> = {
  major: 'major: it can break a client',
  minor: 'minor: it gives clients more, and takes nothing',
  patch: 'patch: clients see nothing of it',
}

/** Two schemas' changes for a terminal, the gravest first, each with why and a statement of a client that shows it. */
export function renderDiff({ from, to, level, changes, unknown }: SchemaDiff): string {
  const lines = [
    `from ${visibleText(from)} to ${visibleText(to)}`,
    ...changes.flatMap((each) => ['', ...block(each)]),
    '',
    ...unknown.map((text) => `unknown: ${visibleText(text)}`),
    level === undefined ? 'Nothing differs.' : `${counted(changes.length, 'change')}, ${levels[level]}.`,
  ]
  return `${lines.join('\n')}\n`
}

function block({ change, kind, path, property, before, after, level, because, witness }: SchemaChange): readonly string[] {
  const what = `${level}  ${kind.replaceAll('-', ' ')} ${visibleText(path)}`
  const why = [...line('because', because), ...line('statement', witness)]
  if (change === 'missing') return [`${what} is gone`, ...why]
  if (change === 'added') return [`${what} is new`, ...line('it is', after === path ? undefined : after), ...why]
  return [`${what} has another ${words(property ?? '')}`, ...line('before', before ?? 'none'), ...line('after', after ?? 'none'), ...why]
}
