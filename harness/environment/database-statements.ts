import { asList, asText, fieldsOf, isFields, type Script, type Statement } from '../migration/index.ts'

/** Whether a statement sets or grants something on a database by its name: it is called otherwise here. */
export function namesForeignDatabase({ tree }: Statement): boolean {
  if (fieldsOf(tree, 'AlterDatabaseSetStmt') !== undefined) return true
  const granted = fieldsOf(tree, 'GrantStmt')
  if (granted?.objtype === 'OBJECT_DATABASE') return true
  const comment = fieldsOf(tree, 'CommentStmt')
  return comment?.objtype === 'OBJECT_DATABASE'
}

/** What such statements would have set for later connections: parameters of the team's own, `app.name`. */
export function foreignDatabaseSettings(scripts: readonly Script[]): {
  readonly settings: Readonly<Record<string, string>>
  readonly notes: readonly string[]
} {
  const left = scripts.flatMap(({ statements }) => statements.filter(namesForeignDatabase))
  const settings = left.flatMap(({ tree }) => {
    const set = fieldsOf(tree, 'AlterDatabaseSetStmt')?.setstmt
    const fields = isFields(set) ? set : undefined
    const name = asText(fields?.name)
    const constant = fieldsOf(asList(fields?.args)[0], 'A_Const')
    const value = asText(isFields(constant?.sval) ? constant.sval.sval : undefined)
    return name?.includes('.') && value !== undefined && /^[\w.]+$/.test(name) ? [[name, value] as const] : []
  })
  return {
    settings: Object.fromEntries(settings),
    notes: left.map(({ file, line, text }) => `Left out, because it names a database: ${oneLine(text)} (${file}:${line}).`),
  }
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  // Values may be secrets.
  return line.replace(/(\sset\s+\S+\s*(=|\sto\s)).*/i, '$1 …').slice(0, 120)
}
