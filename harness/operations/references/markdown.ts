import { fromMarkdown } from 'mdast-util-from-markdown'
import type { Search } from './model.ts'
import { findName } from './sql/constants.ts'
import { findInSql } from './sql/find-in-sql.ts'
import { looksLikeSql } from './sql/statement.ts'
import { mayName } from './table-name.ts'
import { findInProgram } from './typescript/find-in-program.ts'
import type { Program } from './typescript/survey.ts'
import { joinViews, sliceView, type View } from './view.ts'

const sqlBlock = /^(sql|pgsql|psql|postgres(ql)?|plpgsql)$/i
const programBlock = /^([cm]?[jt]sx?|typescript|javascript)$/i

type Tree = ReturnType<typeof fromMarkdown>
type Child = Tree['children'][number]

/** Find the table on a page: in blocks of SQL, TypeScript and JavaScript, and in code within a line. */
export function findInMarkdown(file: string, search: Search, program: Program): void {
  const { view, table } = search
  const visit = (node: Child): void => {
    if (node.type === 'code' && mayName(node.value, table.from.name)) {
      const [language = ''] = (node.lang ?? '').split(/[\s,{:]/)
      const block = blockOf(view, node)
      if (block === undefined) return
      if (sqlBlock.test(language)) findInSql({ ...search, view: block })
      else if (programBlock.test(language)) findInProgram(`${file}.${extensionOf(language)}`, block, search, program)
    } else if (node.type === 'inlineCode' && mayName(node.value, table.from.name)) {
      const code = inlineOf(view, node)
      if (code === undefined) return
      if (looksLikeSql(code.text)) findInSql({ ...search, view: code })
      else findName({ ...search, view: code }, 'it is code that is the name')
    } else if ('children' in node) for (const child of node.children) visit(child)
  }
  for (const child of fromMarkdown(view.text).children) visit(child)
}

type Positioned = Pick<Child, 'position'> & { readonly value: string }

/** The lines of a block, without the marks of a list or a quotation before each. */
function blockOf(view: View, { position, value }: Positioned): View | undefined {
  const [start, end] = [position?.start.offset, position?.end.offset]
  if (start === undefined || end === undefined) return undefined
  const written = [...view.text.slice(start, end).matchAll(/[^\r\n]*(?:\r\n|\n|\r|$)/g)].map((match) => ({
    from: start + match.index,
    text: match[0],
  }))
  const fenced = /^(```|~~~)/.test(view.text.slice(start, end))
  const lines = value.split(/\r\n|\n|\r/)
  const parts = lines.map((line, at): View | undefined => {
    const whole = written[at + (fenced ? 1 : 0)]
    if (whole === undefined) return undefined
    const text = whole.text.replace(/[\r\n]+$/, '')
    if (!text.endsWith(line)) return undefined
    return sliceView(view, whole.from + text.length - line.length, whole.from + whole.text.length)
  })
  return parts.every((part) => part !== undefined) ? joinViews(parts) : undefined
}

function inlineOf(view: View, { position, value }: Positioned): View | undefined {
  const [start, end] = [position?.start.offset, position?.end.offset]
  if (start === undefined || end === undefined) return undefined
  const at = view.text.slice(start, end).indexOf(value)
  return at < 0 ? undefined : sliceView(view, start + at, start + at + value.length)
}

function extensionOf(language: string): string {
  if (/x$/i.test(language)) return 'tsx'
  return /^(j|[cm]j)/i.test(language) ? 'js' : 'ts'
}
