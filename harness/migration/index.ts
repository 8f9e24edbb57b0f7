export { type ApplyOptions, applyStep } from './apply.ts'
export { type Body, type BodyQuery, bodyOf, bodyQueries, plpgsqlNodes } from './body.ts'
export { checkValue, readDefaultExport } from './check-value.ts'
export { type Constant, plainConstants } from './constant.ts'
export {
  type Budget,
  type Claim,
  type Contract,
  contractSchema,
  type DeepReadonly,
  type Discard,
  defineContract,
  type Ground,
  type Mapping,
  type Measure,
  type Metric,
  type Waiver,
  type WorkloadEntry,
} from './contract.ts'
export { readDiscards } from './discard.ts'
export { expandPsql } from './expand-psql.ts'
export { failureAt, programFailure } from './failure.ts'
export { importModule } from './import-module.ts'
export { type Located, locateStatement } from './locate-statement.ts'
export { mayRepeat } from './may-repeat.ts'
export type { Failure, Migration, Outcome, Program, RungNeed, Script, Statement, Step } from './model.ts'
export * from './named-relations.ts'
export { commitsEarly, enclosedText } from './own-transactions.ts'
export { isDirectory, isFile } from './path-kind.ts'
export { readPsqlText } from './psql.ts'
export { checkContract, readContract } from './read-contract.ts'
export { readHints } from './read-hints.ts'
export type { Remark } from './remark.ts'
export { neededRung, retriesOnClone } from './rung.ts'
export { controlsTransaction, errorAt, parseScript, type ScriptOptions, UnreadableError } from './script.ts'
export { shownPath } from './shown-path.ts'
export { SourceMap, type SourcePosition } from './source-map.ts'
export { SourceText } from './source-text.ts'
export { isStandalone } from './standalone.ts'
export { type Effect, firstTarget, type StatementTarget, statementTargets } from './statement-targets.ts'
export {
  asList,
  asText,
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  nodeOf,
  parseTree,
  type RawStatement,
  stringsOf,
  type Token,
  type TreeNode,
  tokensOf,
  treeText,
  tryParse,
  tryParseExpression,
  tryParsePlpgsql,
} from './tree.ts'
