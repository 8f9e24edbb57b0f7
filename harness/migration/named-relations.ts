import type { Catalog } from '../catalog/index.ts'
import { plpgsqlNodes } from './body.ts'
import type { Script, Statement } from './model.ts'
import { statementTargets } from './statement-targets.ts'
import { asText, everyNode, tryParse } from './tree.ts'

/**
 * The legacy relations that statements name, as the parser reads them: those of function bodies that they write down and of constant texts of
 * EXECUTE too. A name without a schema stands for the relations of that name in every schema.
 *
 * @returns Their paths; `any` where a statement makes names up when it runs, so that it may mean every relation.
 */
export function namedRelations(scripts: readonly Script[], legacy: Catalog): ReadonlySet<string> | 'any' {
  const named = new Set<string>()
  for (const statement of scripts.flatMap(({ statements }) => statements)) {
    const names = namesIn(statement)
    if (names === 'any') return 'any'
    for (const [path, { schema, name }] of legacy.relations)
      if (
        names.some((each) => (each.schemaOnly === true ? each.schema === schema : each.name === name && (each.schema ?? schema) === schema))
      )
        named.add(path)
  }
  return named
}

interface Named {
  readonly schema: string | undefined
  readonly name: string
  readonly schemaOnly?: true
}

function namesIn(statement: Statement): readonly Named[] | 'any' {
  const targets = statementTargets(statement).map(
    ({ schema, name, wholeSchema }): Named => ({ schema, name, ...(wholeSchema === true ? { schemaOnly: true } : {}) }),
  )
  const dynamic = statement.node === 'DoStmt' ? executedIn(statement) : []
  if (dynamic === 'any') return 'any'
  return [...targets, ...[statement.tree, ...dynamic].flatMap(rangesIn)]
}

function rangesIn(tree: unknown): readonly Named[] {
  return [...everyNode(tree)].flatMap(({ name, fields }) => {
    const relation = name === 'RangeVar' ? asText(fields.relname) : undefined
    return relation === undefined ? [] : [{ schema: asText(fields.schemaname), name: relation }]
  })
}

/** What EXECUTE runs in a DO block. */
function executedIn({ text }: Statement): readonly unknown[] | 'any' {
  const nodes = plpgsqlNodes(text)
  if (nodes === undefined) return 'any'
  const found: unknown[] = []
  for (const { name, fields } of nodes) {
    if (name !== 'PLpgSQL_stmt_dynexecute') continue
    const query = asText([...everyNode(fields)].find((each) => each.name === 'PLpgSQL_expr')?.fields.query) ?? ''
    const constant = /^\s*'((?:[^']|'')*)'\s*$/.exec(query)?.[1]?.replaceAll("''", "'")
    const trees = constant === undefined ? undefined : tryParse(constant)
    if (trees === undefined) return 'any'
    found.push(...trees)
  }
  return found
}
