import { asList, asText, fieldsOf, type Script, type Statement } from '../migration/index.ts'
import { bodyTrees } from './body-trees.ts'

/** A `CREATE EXTENSION` of a script. */
export interface ExtensionWant {
  readonly name: string
  readonly schema: string | undefined
  readonly version: string | undefined
  readonly file: string
  readonly line: number
  /** Inside the body of a DO. */
  readonly inBody: boolean
}

/** Every extension that the scripts create, once, by its first statement; a schema that only a later one says counts too. */
export function extensionWants(scripts: readonly Script[]): readonly ExtensionWant[] {
  const wants = new Map<string, ExtensionWant>()
  for (const want of scripts.flatMap(({ statements }) => statements.flatMap(wantsOf))) {
    const known = wants.get(want.name)
    wants.set(
      want.name,
      known === undefined ? want : { ...known, schema: known.schema ?? want.schema, inBody: known.inBody || want.inBody },
    )
  }
  return [...wants.values()]
}

function wantsOf(statement: Statement): readonly ExtensionWant[] {
  return [want(statement.tree, statement, false), ...bodyTrees(statement).map((tree) => want(tree, statement, true))].flatMap(
    (each) => each ?? [],
  )
}

function want(tree: unknown, { file, line }: Statement, inBody: boolean): ExtensionWant | undefined {
  const fields = fieldsOf(tree, 'CreateExtensionStmt')
  const name = asText(fields?.extname)
  if (name === undefined) return undefined
  const options = asList(fields?.options).map((item) => fieldsOf(item, 'DefElem'))
  const option = (wanted: string) => asText(fieldsOf(options.find((item) => item?.defname === wanted)?.arg, 'String')?.sval)
  return { name, schema: option('schema'), version: option('new_version'), file, line, inBody }
}

/** The extensions that a statement is about: creates, drops, alters or comments on. */
export function extensionsOf(tree: unknown): readonly string[] {
  const created = asText(fieldsOf(tree, 'CreateExtensionStmt')?.extname)
  if (created !== undefined) return [created]
  const altered = asText((fieldsOf(tree, 'AlterExtensionStmt') ?? fieldsOf(tree, 'AlterExtensionContentsStmt'))?.extname)
  if (altered !== undefined) return [altered]
  const dropped = fieldsOf(tree, 'DropStmt')
  if (dropped?.removeType === 'OBJECT_EXTENSION') return asList(dropped.objects).flatMap(name)
  const moved = fieldsOf(tree, 'AlterObjectSchemaStmt')
  if (moved?.objectType === 'OBJECT_EXTENSION') return name(moved.object)
  const comment = fieldsOf(tree, 'CommentStmt')
  return comment?.objtype === 'OBJECT_EXTENSION' ? name(comment.object) : []
}

function name(value: unknown): readonly string[] {
  const text = asText(fieldsOf(value, 'String')?.sval)
  return text === undefined ? [] : [text]
}
