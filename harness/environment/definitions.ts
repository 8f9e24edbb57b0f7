import { asText, fieldsOf, isFields, nodeOf, type Script, type Statement, stringsOf } from '../migration/index.ts'

/** Where a script makes something. */
export interface Definition {
  readonly kind: 'relation' | 'function' | 'type' | 'schema' | 'role'
  /** Without its schema. */
  readonly name: string
  /** As it is written before the name. */
  readonly schema?: string | undefined
  readonly file: string
  readonly line: number
}

/** What the scripts make, in their order. */
export function definitionsOf(scripts: readonly Script[]): readonly Definition[] {
  return scripts.flatMap(({ statements }) => statements.flatMap(definitions))
}

function definitions(statement: Statement): readonly Definition[] {
  const node = nodeOf(statement.tree)
  const at = (kind: Definition['kind'], name: string | undefined, schema?: string): readonly Definition[] =>
    name === undefined ? [] : [{ kind, name, schema, file: statement.file, line: statement.line }]
  const range = (kind: 'relation' | 'type', value: unknown) =>
    isFields(value) ? at(kind, asText(value.relname), asText(value.schemaname)) : []
  const listed = (kind: 'function' | 'type', value: unknown) => at(kind, stringsOf(value).at(-1), stringsOf(value).at(-2))
  switch (node?.name) {
    case 'CreateStmt':
      return range('relation', node.fields.relation)
    case 'ViewStmt':
      return range('relation', node.fields.view)
    case 'CreateTableAsStmt':
      return range('relation', fieldsOf(node.fields, 'into')?.rel)
    case 'CreateSeqStmt':
      return range('relation', node.fields.sequence)
    case 'CreateFunctionStmt':
      return listed('function', node.fields.funcname)
    case 'CreateEnumStmt':
      return listed('type', node.fields.typeName)
    case 'CompositeTypeStmt':
      return range('type', node.fields.typevar)
    case 'CreateDomainStmt':
      return listed('type', node.fields.domainname)
    case 'CreateSchemaStmt':
      return at('schema', asText(node.fields.schemaname))
    case 'CreateRoleStmt':
      return at('role', asText(node.fields.role))
    default:
      return []
  }
}
