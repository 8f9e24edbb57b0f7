import { asList, asText, type Fields, fieldsOf, isFields, type Script, type Statement } from '../migration/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'

const longestName = 63

/**
 * Bare names of partitioned tables that no script gives a partition: a job, or the application, makes these as time goes on. None where a body
 * makes partitions of tables whose names it puts together, and none of a table that some statement names with ONLY.
 */
export function withoutPartitions(scripts: readonly Script[]): ReadonlySet<string> {
  const statements = scripts.flatMap((script) => script.statements)
  if (statements.some(makesPartitionsInBody)) return new Set()
  const given = new Set(statements.flatMap(namesOfParents))
  return new Set(statements.flatMap(({ tree }) => partitioned(tree)?.name ?? []).filter((name) => !given.has(name)))
}

/** The statement that makes a partition for rows of any value, to stand behind the one that makes the table; undefined where none is wanted. */
export function partitionFor({ tree }: Statement, wanted: ReadonlySet<string>): string | undefined {
  const table = partitioned(tree)
  if (table === undefined || !wanted.has(table.name)) return undefined
  const schema = table.schema === undefined ? '' : `${quoteIdentifier(table.schema)}.`
  const partition = quoteIdentifier(`godwit_rows_of_${table.name}`.slice(0, longestName))
  const bound = table.strategy.endsWith('_HASH') ? 'FOR VALUES WITH (MODULUS 1, REMAINDER 0)' : 'DEFAULT'
  return `CREATE TABLE IF NOT EXISTS ${schema}${partition} PARTITION OF ${schema}${quoteIdentifier(table.name)} ${bound}`
}

function partitioned(tree: unknown): { readonly schema: string | undefined; readonly name: string; readonly strategy: string } | undefined {
  const create = fieldsOf(tree, 'CreateStmt')
  const [relation, spec] = [create?.relation, create?.partspec]
  if (!isFields(relation) || !isFields(spec)) return undefined
  return { schema: asText(relation.schemaname), name: asText(relation.relname) ?? '', strategy: String(spec.strategy) }
}

/** Tables to which a statement gives a partition, or that it names without their partitions. */
function namesOfParents({ tree }: Statement): readonly string[] {
  const create = fieldsOf(tree, 'CreateStmt')
  if (create !== undefined)
    return create.partbound === undefined ? [] : asList(create.inhRelations).flatMap((each) => nameOf(fieldsOf(each, 'RangeVar')))
  const altered = fieldsOf(tree, 'AlterTableStmt')
  const attaches = asList(altered?.cmds).some((each) => fieldsOf(each, 'AlterTableCmd')?.subtype === 'AT_AttachPartition')
  const relation = altered?.relation ?? fieldsOf(tree, 'IndexStmt')?.relation
  if (!isFields(relation)) return []
  return attaches || relation.inh !== true ? nameOf(relation) : []
}

function nameOf(range: Fields | undefined): readonly string[] {
  const name = asText(range?.relname)
  return name === undefined ? [] : [name]
}

function makesPartitionsInBody({ node, text }: Statement): boolean {
  return /^(Do|CreateFunction)Stmt$/.test(node) && /\b(partition\s+of|attach\s+partition)\b/i.test(text)
}
