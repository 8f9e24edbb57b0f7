import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import type * as z from 'zod'
import { InputError } from '../../errors.ts'
import {
  checkValue,
  controlsTransaction,
  fieldsOf,
  isFile,
  parseScript,
  readDefaultExport,
  type Script,
  type Statement,
  shownPath,
} from '../../migration/index.ts'
import { partsOf, type RelationName } from '../../postgres/index.ts'
import type { Removal } from '../remove/removal.ts'
import { type Check, planSchema } from './plan.ts'

/** A check, with what tells its text from another one. */
export interface LoadedCheck extends Check {
  /** Hex sha256 of its SQL. A check whose SQL changes starts to count anew. */
  readonly digest: string
}

/** A plan and its clean-up, read and parsed. */
export interface LoadedPlan {
  readonly name: string
  /** As messages name the file. */
  readonly shown: string
  readonly cleanUp: Script
  /** Hex sha256 of the clean-up's text. */
  readonly cleanUpDigest: string
  readonly cleanDays: number
  readonly checks: readonly LoadedCheck[]
  readonly locks: readonly RelationName[]
  readonly lockWaitMs: number
  readonly observations: RelationName
  readonly removes: Removal | undefined
}

/**
 * Load a plan, and parse its checks and its clean-up.
 *
 * @throws {InputError} when the file or the clean-up is not there, a field is wrong, a check is not one SELECT, or the clean-up is no SQL
 * that one transaction can run.
 */
export async function readPlan(path: string): Promise<LoadedPlan> {
  const file = resolve(path)
  const shown = shownPath(file)
  if (!(await isFile(file)))
    throw new InputError(`there is no plan "${shown}"`, {
      hint: 'A plan is a file that exports definePlan({ cleanUp, checks }) as default.',
    })
  const exported = await readDefaultExport(file, shown, 'export default definePlan({ … })')
  const plan = checkValue(planSchema, exported, shown, 'plan')
  const cleanUp = await readCleanUp(resolve(dirname(file), plan.cleanUp), shown)
  return {
    name: plan.name ?? basename(file, extname(file)),
    shown,
    cleanUp,
    cleanUpDigest: digestOf(cleanUp.text),
    cleanDays: plan.cleanDays,
    checks: plan.checks.map((check) => loadCheck(check, shown)),
    locks: plan.locks.map(nameOf),
    lockWaitMs: plan.lockWaitMs,
    observations: nameOf(plan.observations),
    removes: plan.removes === undefined ? undefined : removalOf(plan.removes, dirname(file)),
  }
}

function removalOf(removes: NonNullable<z.infer<typeof planSchema>['removes']>, folder: string): Removal {
  const { relation, unusedDays, code, reviewed, snapshots } = removes
  return {
    relation: nameOf(relation),
    unusedDays,
    code: code.map((each) => resolve(folder, each)),
    reviewed: reviewed.map((each) => resolve(folder, each)),
    store: { kind: 'table', table: nameOf(snapshots) },
  }
}

async function readCleanUp(file: string, plan: string): Promise<Script> {
  const shown = shownPath(file)
  if (!(await isFile(file))) throw new InputError(`"${plan}": cleanUp: there is no file "${shown}"`)
  const script = parseScript(shown, await readFile(file, 'utf8'), { mode: 'transaction' })
  const [first] = script.statements.filter(controlsTransaction)
  if (first !== undefined)
    throw new InputError(`${shown}:${first.line}: the clean-up controls transactions`, {
      hint: 'Remove BEGIN and COMMIT: godwit ready --run makes one transaction of the checks and the clean-up.',
    })
  if (script.statements.length === 0) throw new InputError(`"${shown}" has no statement`)
  return script
}

function loadCheck(check: Check, shown: string): LoadedCheck {
  const { statements } = parseScript(`${shown}, check "${check.id}"`, check.sql)
  const [statement] = statements
  if (statement === undefined || statements.length > 1 || !isSelect(statement))
    throw new InputError(`"${shown}": the check "${check.id}" is not one SELECT`, {
      hint: 'A check is a query that returns the rows that are wrong.',
    })
  return { ...check, sql: statement.text, digest: digestOf(statement.text) }
}

function isSelect({ tree }: Statement): boolean {
  const fields = fieldsOf(tree, 'SelectStmt')
  return fields !== undefined && fields.intoClause === undefined
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function nameOf(path: string): RelationName {
  const [schema = '', name = ''] = partsOf(path)
  return { schema, name }
}
