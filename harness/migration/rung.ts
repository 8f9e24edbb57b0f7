import { bodyOf, bodyQueries, plpgsqlNodes } from './body.ts'
import type { RungNeed, Script, Statement, Step } from './model.ts'
import { isEnclosable } from './own-transactions.ts'
import { allowedNodes, refusal } from './rung-rules.ts'
import { controlsTransaction } from './script.ts'
import { everyNode, fieldsOf, nodeOf, stringsOf, type TreeNode, tryParse } from './tree.ts'

/** How a rung is weighed: the strongest need of all statements is the step's. */
const order = { transaction: 0, clone: 1, cluster: 2 } as const

/**
 * How strongly runs of this step must be isolated. `transaction` only when the parse tree of every statement is on an allow-list; what is
 * inside bodies of DO, functions and procedures is looked at too, dynamic SQL as far as its text shows.
 */
export function neededRung(step: Step): RungNeed {
  if (step.kind === 'program') return { rung: 'clone', because: `"${step.file}" is a program` }
  const procedures = proceduresWithoutControl(step.script)
  const { statements } = step.script
  const judged = isEnclosable(step.script) ? statements.filter((each) => !controlsTransaction(each)) : statements
  return judged.map((statement) => rungOf(statement, procedures)).reduce(stronger, { rung: 'transaction', because: '' })
}

/**
 * Whether an error met on rung 1 may come from the enclosing transaction alone, so that the run must be repeated on a clone:
 * 25001 (not inside a transaction block), 2D000 (COMMIT in a body), 55P04 (an enum label not committed yet), 55006 (pending trigger
 * events), 0A000 (among others, what cannot be done in a transaction that did something else), 42P07 (a temporary table left by an earlier phase).
 */
export function retriesOnClone(sqlstate: string): boolean {
  return ['25001', '2D000', '55P04', '55006', '0A000', '42P07'].includes(sqlstate)
}

function stronger(left: RungNeed, right: RungNeed): RungNeed {
  return order[right.rung] > order[left.rung] ? right : left
}

function rungOf(statement: Statement, procedures: ReadonlySet<string>): RungNeed {
  const need = rungOfTree(statement.tree, statement.text, procedures)
  return need.rung === 'transaction' ? need : { ...need, because: `${need.because} (${statement.file}:${statement.line})` }
}

const inTransaction: RungNeed = { rung: 'transaction', because: '' }

function rungOfTree(tree: unknown, text: string, procedures: ReadonlySet<string>): RungNeed {
  const node = nodeOf(tree)
  if (node === undefined) return { rung: 'clone', because: 'a statement that is not known' }
  return [nested(tree, procedures), bodyNeed(tree, text, procedures)].reduce(stronger, nodeNeed(node))
}

/** Statements inside a statement: EXPLAIN's, a rule's, a schema's elements, a body of BEGIN ATOMIC. */
function nested(tree: unknown, procedures: ReadonlySet<string>): RungNeed {
  const inner = [...everyNode(tree)].slice(1).filter((node) => node.name.endsWith('Stmt'))
  return inner.map((node) => nodeNeed(node)).reduce(stronger, callNeed(tree, procedures))
}

function nodeNeed({ name, fields }: TreeNode): RungNeed {
  const refused = refusal(name, fields)
  if (refused !== undefined) return refused
  return allowedNodes.has(name) ? inTransaction : { rung: 'clone', because: `${name} is not known to be undone by a roll-back` }
}

const unsafeFunctions =
  /^(dblink(_.*)?|pg_(terminate|cancel)_backend|pg_(create|drop)_.*_slot|pg_reload_conf|pg_switch_wal|pg_promote|pg_file_.*|lo_import|lo_export|pg_logical_emit_message)$/

function callNeed(tree: unknown, procedures: ReadonlySet<string>): RungNeed {
  for (const node of everyNode(tree)) {
    const name = stringsOf(node.fields.funcname).at(-1)
    if (node.name === 'FuncCall' && name !== undefined && unsafeFunctions.test(name))
      return { rung: 'clone', because: `${name}() acts outside the transaction` }
    if (node.name !== 'CallStmt') continue
    const called = stringsOf(fieldsOf(node.fields, 'funccall')?.funcname).at(-1) ?? ''
    if (!procedures.has(called)) return { rung: 'clone', because: `CALL of "${called}", which may COMMIT` }
  }
  return inTransaction
}

/** A body runs now (DO) or when it is called; either way what it holds decides. */
function bodyNeed(tree: unknown, text: string, procedures: ReadonlySet<string>): RungNeed {
  const body = bodyOf(tree)
  if (body === undefined) return inTransaction
  if (body.text === undefined) return nested(tree, procedures)
  const nodes = body.language === 'plpgsql' ? plpgsqlNodes(text) : undefined
  if (nodes !== undefined) return plpgsqlNeed(nodes, body.text, procedures)
  const statements = body.language === 'sql' ? tryParse(body.text) : undefined
  return statements?.map((inner) => rungOfTree(inner, '', procedures)).reduce(stronger, inTransaction) ?? textNeed(body.text)
}

function plpgsqlNeed(nodes: readonly TreeNode[], body: string, procedures: ReadonlySet<string>): RungNeed {
  if (nodes.some((node) => /^PLpgSQL_stmt_(commit|rollback)$/.test(node.name)))
    return { rung: 'clone', because: 'COMMIT or ROLLBACK in a body' }
  const dynamic = nodes.some((node) => /^PLpgSQL_stmt_dyn|^PLpgSQL_stmt_(return_query|open|forc)$/.test(node.name))
  const queries = nodes.flatMap((node) => (node.name === 'PLpgSQL_expr' ? bodyQueries(node.fields) : []))
  const needs = queries.map(({ tree, assigned }) =>
    assigned === undefined && /Stmt$/.test(nodeOf(tree)?.name ?? '') ? rungOfTree(tree, '', procedures) : callNeed(tree, procedures),
  )
  return needs.reduce(stronger, dynamic ? dynamicNeed(body) : inTransaction)
}

/** What dynamic SQL may do is told by its words; transaction control and the like fail in it anyway. */
function dynamicNeed(body: string): RungNeed {
  if (
    /\b(create|alter|drop)\s+(role|user|group|database|tablespace|subscription)\b|\balter\s+system\b|\b(reassign|drop)\s+owned\b/i.test(
      body,
    )
  ) {
    return { rung: 'cluster', because: 'dynamic SQL that names roles, databases or settings' }
  }
  return /\bdblink|\bcopy\b[\s\S]*\bprogram\b/i.test(body)
    ? { rung: 'clone', because: 'dynamic SQL that may act outside the transaction' }
    : inTransaction
}

/** A body that no parser reads: anything suspicious counts. */
function textNeed(body: string): RungNeed {
  if (/\b(commit|rollback|concurrently|vacuum|dblink|call)\b|\bprogram\b|plpy\.commit|plpy\.rollback/i.test(body)) {
    return { rung: 'clone', because: 'a body that cannot be parsed and may COMMIT' }
  }
  return dynamicNeed(body)
}

/** Procedures made by the script itself whose body controls no transaction: calling them is safe. */
function proceduresWithoutControl(script: Script): ReadonlySet<string> {
  const safe = new Set<string>()
  for (const statement of script.statements) {
    const fields = fieldsOf(statement.tree, 'CreateFunctionStmt')
    const name = stringsOf(fields?.funcname).at(-1)
    if (fields?.is_procedure !== true || name === undefined) continue
    if (bodyNeed(statement.tree, statement.text, safe).rung === 'transaction') safe.add(name)
    else safe.delete(name)
  }
  return safe
}
