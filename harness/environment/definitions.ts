import { asText, fieldsOf, isFields, nodeOf, type Script, type Statement, stringsOf } from '../migration/index.ts'

/** Where a script makes something. */
export interface Definition {
  readonly kind: 'relation' | 'function' | 'type' | 'schema' | 'role'
  /** Without its schema. */
  readonly name: string
  readonly file: string
  readonly line: number
}

/** What the scripts make, in their order. */
export function definitionsOf(scripts: readonly Script[]): readonly Definition[] {
  return scripts.flatMap(({ statements }) => statements.flatMap(definitions))
}

function definitions(statement: Statement): readonly Definition[] {
  const node = nodeOf(statement.tree)
  const at = (kind: Definition['kind'], name: string | undefined): readonly Definition[] =>
    name === undefined ? [] : [{ kind, name, file: statement.file, line: statement.line }]
  const relation = (value: unknown) => asText(isFields(value) ? value.relname : undefined)
  switch (node?.name) {
    case 'CreateStmt':
      return at('relation', relation(node.fields.relation))
    case 'ViewStmt':
      return at('relation', relation(node.fields.view))
    case 'CreateTableAsStmt':
      return at('relation', relation(fieldsOf(node.fields, 'into')?.rel))
    case 'CreateSeqStmt':
      return at('relation', relation(node.fields.sequence))
    case 'CreateFunctionStmt':
      return at('function', stringsOf(node.fields.funcname).at(-1))
    case 'CreateEnumStmt':
      return at('type', stringsOf(node.fields.typeName).at(-1))
    case 'CompositeTypeStmt':
      return at('type', relation(node.fields.typevar))
    case 'CreateDomainStmt':
      return at('type', stringsOf(node.fields.domainname).at(-1))
    case 'CreateSchemaStmt':
      return at('schema', asText(node.fields.schemaname))
    case 'CreateRoleStmt':
      return at('role', asText(node.fields.role))
    default:
      return []
  }
}
