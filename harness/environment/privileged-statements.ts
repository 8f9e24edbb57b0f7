import { asList, asText, fieldsOf, type Script, stringsOf } from '../migration/index.ts'
import { quoteIdentifier, quoteName } from '../postgres/index.ts'
import { bodyTrees } from './body-trees.ts'

/** What a platform lets its migrating role do though only a superuser could: done beforehand, or allowed. */
export interface Privileged {
  /** Foreign-data wrappers to be made by the superuser, with their SQL. */
  readonly wrappers: ReadonlyMap<string, string>
  /** Parameters that the role may set. */
  readonly parameters: readonly string[]
}

/** Which of a platform's liberties the scripts take. */
export function privilegedStatements(scripts: readonly Script[], allowed: readonly RegExp[]): Privileged {
  const trees = scripts.flatMap(({ statements }) => statements.flatMap((each) => [each.tree, ...bodyTrees(each)]))
  const wrappers = trees.flatMap((tree) => {
    const fields = fieldsOf(tree, 'CreateFdwStmt')
    const name = asText(fields?.fdwname)
    return name === undefined ? [] : [[name, wrapperSql(name, asList(fields?.func_options))] as const]
  })
  const parameters = trees.flatMap((tree) => {
    const set = fieldsOf(tree, 'VariableSetStmt') ?? fieldsOf(fieldsOf(tree, 'AlterRoleSetStmt'), 'setstmt')
    const name = asText(set?.name)?.toLowerCase()
    return name !== undefined && allowed.some((each) => each.test(name)) ? [name] : []
  })
  return { wrappers: new Map(wrappers), parameters: [...new Set(parameters)] }
}

function wrapperSql(name: string, options: readonly unknown[]): string {
  const functions = options.map((item) => {
    const option = fieldsOf(item, 'DefElem')
    const [last, schema] = stringsOf(option?.arg).toReversed()
    if (last === undefined) return `NO ${option?.defname}`
    return `${option?.defname} ${schema === undefined ? quoteIdentifier(last) : quoteName({ schema, name: last })}`
  })
  return `CREATE FOREIGN DATA WRAPPER ${quoteIdentifier(name)} ${functions.join(' ')}`
}
