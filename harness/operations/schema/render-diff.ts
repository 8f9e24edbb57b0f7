import { counted, visibleText } from '../../report/index.ts'
import type { SchemaChange } from './changes.ts'
import type { SchemaDiff } from './diff.ts'
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

function block(each: SchemaChange): readonly string[] {
  const { change, property, path, before, after, level, because, witness } = each
  const why = [...line('because', because), ...line('statement', witness)]
  const values =
    change === 'missing'
      ? []
      : change === 'added'
        ? line('it is', after === path ? undefined : after)
        : [...line('before', before ?? 'none'), ...line('after', after ?? 'none')]
  return [`${level}  ${visibleText(changeText({ change, property, kind: each.kind, path }))}`, ...values, ...why]
}

/** `attribute public.people.born is new`. */
export function changeText({ change, kind, path, property }: Pick<SchemaChange, 'change' | 'kind' | 'path' | 'property'>): string {
  const what = `${kind.replaceAll('-', ' ')} ${path}`
  if (change === 'missing') return `${what} is gone`
  return change === 'added' ? `${what} is new` : `${what} has another ${words(property ?? '')}`
}
