import type { Catalog } from '../catalog/index.ts'
import { everyNode, fieldsOf, isFields, type Script, type Statement } from '../migration/index.ts'
import { functionName } from './calls.ts'
import { readStatement } from './read-statement.ts'
import { Reader } from './reader.ts'
import { findRelationIn } from './sources.ts'
import { StatementText } from './statement-text.ts'
import type { Question, StatementTargets } from './target.ts'

/** What enumerating needs to know of the database. */
export interface Knows {
  /** In the state just before the script. */
  readonly catalog: Catalog
  /** Whether a question may call a function of this bare name: it gives the same each time and leaves nothing behind. */
  readonly isSafe: (functionName: string) => boolean
}

const asked =
  /^(SelectStmt|InsertStmt|UpdateStmt|DeleteStmt|MergeStmt|CreateTableAsStmt|ViewStmt|AlterTableStmt|IndexStmt|CreatePolicyStmt)$/

/** Everything that rows can reach in one script: its targets by statement, with the questions that measure them. */
export function enumerateTargets(script: Script, direction: 'up' | 'down', knows: Knows): readonly StatementTargets[] {
  const early: Question[] = []
  const all = script.statements.flatMap((statement, index): readonly StatementTargets[] => {
    if (!asked.test(statement.node)) return []
    const earlier = script.statements.slice(0, index)
    const reader = new Reader(
      new StatementText(statement.text),
      { direction, file: statement.file, line: statement.line },
      { find: findRelationIn(knows.catalog, earlier), isEmpty: (name) => isEmptyAfter(earlier, name), isSafe: knows.isSafe },
    )
    readStatement(reader)
    const { questions, silent } = reader
    early.push(...reader.early)
    return questions.length + silent.length === 0 ? [] : [{ statement: index, questions, silent }]
  })
  if (early.length === 0) return all
  const [first] = all
  return first?.statement === 0
    ? [{ ...first, questions: [...early, ...first.questions] }, ...all.slice(1)]
    : [{ statement: 0, questions: early, silent: [] }, ...all]
}

function isEmptyAfter(earlier: readonly Statement[], name: string): boolean {
  const nameOf = (tree: unknown, node: string) => {
    const range = fieldsOf(tree, node)?.relation
    return isFields(range) ? range.relname : undefined
  }
  const made = earlier.findLastIndex(({ tree }) => nameOf(tree, 'CreateStmt') === name)
  const isWriting = ({ node, tree }: Statement) =>
    /^(DoStmt|SelectStmt|CallStmt|MergeStmt)$/.test(node) || ['InsertStmt', 'CopyStmt'].some((each) => nameOf(tree, each) === name)
  return made >= 0 && !earlier.slice(made + 1).some(isWriting)
}

/** The bare names of the functions that some scripts call, to ask the server what they are. */
export function calledFunctions(scripts: readonly Script[]): readonly string[] {
  const names = scripts
    .flatMap(({ statements }) => statements)
    .flatMap((statement) =>
      [...everyNode(statement.tree)].flatMap(({ name, fields }) => (name === 'FuncCall' ? [functionName(fields)] : [])),
    )
  return [...new Set(names)]
}

/** The bare names of functions that a script makes and that promise to give the same each time. */
export function madeStable(statements: readonly Statement[]): readonly string[] {
  return statements.flatMap(({ tree }) => {
    const made = fieldsOf(tree, 'CreateFunctionStmt')
    return made !== undefined && /"defname":"volatility","arg":\{"String":\{"sval":"(immutable|stable)"/.test(JSON.stringify(made))
      ? [functionName(made)]
      : []
  })
}
