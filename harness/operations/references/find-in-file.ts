import { findInMarkdown } from './markdown.ts'
import { leftFor, type Search, type Use } from './model.ts'
import { findInPrisma } from './prisma.ts'
import { findInSql } from './sql/find-in-sql.ts'
import { findInProgram } from './typescript/find-in-program.ts'
import { namesOtherServer, otherServers } from './typescript/other-servers.ts'
import type { Program } from './typescript/survey.ts'
import { sliceView, type View, wholeView } from './view.ts'

export type FileKind = 'sql' | 'program' | 'prisma' | 'markdown' | 'component'

const kinds: readonly (readonly [RegExp, FileKind])[] = [
  [/\.(sql|psql|pgsql|ddl)$/i, 'sql'],
  [/\.[cm]?[jt]sx?$/i, 'program'],
  [/\.prisma$/i, 'prisma'],
  [/\.(md|mdx|markdown)$/i, 'markdown'],
  [/\.(svelte|vue)$/i, 'component'],
]

/** How a file is read, by its name; undefined for one that is not. */
export function kindOf(name: string): FileKind | undefined {
  return kinds.find(([pattern]) => pattern.test(name))?.[1]
}

/** Find the table in a file by the kind of its name. @returns `migration` where it has the form of one: then nothing of it is changed. */
export function findInFile(name: string, text: string, given: Omit<Search, 'view' | 'kind'>, program: Program): 'migration' | 'read' {
  const { onUse } = given
  const search = namesOtherServer(name) ? { ...given, onUse: (use: Use) => onUse(leftFor(otherServers, use)) } : given
  const whole = wholeView(text)
  // A byte order mark is no part of what parsers read.
  const view = text.startsWith('\uFEFF') ? sliceView(whole, 1, text.length) : whole
  switch (kindOf(name)) {
    case 'sql':
      findInSql({ ...search, view, kind: 'SQL' })
      break
    case 'program':
      return findInProgram(name, view, search, program)
    case 'component':
      for (const script of scriptsOf(view)) findInProgram(`${name}.ts`, script, search, program)
      break
    case 'prisma':
      findInPrisma({ ...search, view, kind: 'Prisma' })
      break
    case 'markdown':
      findInMarkdown(name, { ...search, view, kind: 'Markdown' }, program)
  }
  return 'read'
}

/** The programs in a component of Svelte or Vue. */
function scriptsOf(view: View): readonly View[] {
  return [...view.text.matchAll(/(<script\b[^>]*>)([\s\S]*?)<\/script>/gi)].map((match) => {
    const start = match.index + (match[1] ?? '').length
    return sliceView(view, start, start + (match[2] ?? '').length)
  })
}
