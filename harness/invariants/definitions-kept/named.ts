import {
  asList,
  asText,
  bodyOf,
  bodyQueries,
  everyNode,
  type Fields,
  fieldsOf,
  nodeOf,
  plpgsqlNodes,
  type Step,
  stringsOf,
} from '../../migration/index.ts'
import { mentionsName } from '../../postgres/index.ts'

/** What the statements of a migration name: whose definition they drop or change on purpose. Names are as they are written, without schemas. */
export interface Named {
  /** `trigger touch`, `constraint items_pkey`, `function f`. */
  readonly objects: ReadonlySet<string>
  /** `items.code notNull` for an attribute, `items options` for a relation. */
  readonly aspects: ReadonlySet<string>
  /** Names that a relation, or an object of one, has one after the other. */
  readonly renames: readonly (readonly [from: string, to: string])[]
  /** By function: the options that its statements give it (`strict`, `security`, `set`, …). */
  readonly options: ReadonlyMap<string, ReadonlySet<string>>
  /** SQL of blocks, whose statements are put together when they run. */
  readonly blocks: string
}

/** Commands of ALTER TABLE, by what of an attribute they change. */
const attributeAspects: Readonly<Record<string, string>> = {
  AT_DropNotNull: 'notNull',
  AT_SetNotNull: 'notNull',
  AT_SetExpression: 'generated',
  AT_DropExpression: 'generated',
  AT_SetStatistics: 'statistics',
  AT_SetOptions: 'options',
  AT_ResetOptions: 'options',
  AT_SetStorage: 'storage',
  AT_SetCompression: 'compression',
  AT_AlterColumnType: 'collation',
}

/** Commands of ALTER TABLE, by what of the relation they change. */
const relationAspects: Readonly<Record<string, string>> = {
  AT_SetLogged: 'persistence',
  AT_SetUnLogged: 'persistence',
  AT_SetAccessMethod: 'accessMethod',
  AT_SetTableSpace: 'tablespace',
  AT_SetRelOptions: 'options',
  AT_ResetRelOptions: 'options',
  AT_ClusterOn: 'clustered',
  AT_DropCluster: 'clustered',
  AT_DropInherit: 'parents',
  AT_AddInherit: 'parents',
  AT_ReplicaIdentity: 'replicaIdentity',
  AT_EnableRowSecurity: 'rowSecurity',
  AT_DisableRowSecurity: 'rowSecurity',
  AT_ForceRowSecurity: 'forcedRowSecurity',
  AT_NoForceRowSecurity: 'forcedRowSecurity',
}

/** Commands of ALTER TABLE that name an object of the relation. */
const objectCommands: Readonly<Record<string, string>> = {
  AT_DropConstraint: 'constraint',
  AT_AlterConstraint: 'constraint',
  AT_EnableTrig: 'trigger',
  AT_EnableAlwaysTrig: 'trigger',
  AT_EnableReplicaTrig: 'trigger',
  AT_DisableTrig: 'trigger',
  AT_EnableRule: 'rule',
  AT_EnableAlwaysRule: 'rule',
  AT_EnableReplicaRule: 'rule',
  AT_DisableRule: 'rule',
}

const droppedKinds: Readonly<Record<string, string>> = {
  OBJECT_TRIGGER: 'trigger',
  OBJECT_RULE: 'rule',
  OBJECT_POLICY: 'policy',
  OBJECT_INDEX: 'index',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_STATISTIC_EXT: 'statistics',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
  OBJECT_AGGREGATE: 'function',
  OBJECT_EVENT_TRIGGER: 'event-trigger',
  OBJECT_PUBLICATION: 'publication',
}

/** What a script names. Of a program nothing is known. */
export function namedIn(step: Step): Named {
  const found: Found = { objects: [], aspects: [], renames: [], options: [], blocks: [] }
  if (step.kind === 'sql')
    for (const { tree, text } of step.script.statements)
      for (const each of [tree, ...statementsOfBlock(tree, text)])
        for (const { name, fields } of everyNode(each)) collectors[name]?.(found, fields)
  const options = new Map<string, Set<string>>()
  for (const [name, given] of found.options) options.set(name, new Set([...(options.get(name) ?? []), ...given]))
  return {
    objects: new Set(found.objects),
    aspects: new Set(found.aspects),
    renames: found.renames,
    options,
    blocks: found.blocks.join('\n'),
  }
}

/** The statements that stand in the block of a DO statement as they are. */
function statementsOfBlock(tree: unknown, text: string): readonly unknown[] {
  if (bodyOf(tree)?.language !== 'plpgsql' || nodeOf(tree)?.name !== 'DoStmt') return []
  const expressions = (plpgsqlNodes(text) ?? []).filter(({ name }) => name === 'PLpgSQL_expr')
  return expressions.flatMap(({ fields }) => bodyQueries(fields).map((query) => query.tree))
}

/** The names that something goes by, from the first to the last statement. */
export function namesOf({ renames }: Named, names: readonly string[]): readonly string[] {
  const known = new Set(names)
  for (let size = -1; size !== known.size; ) {
    size = known.size
    for (const pair of renames) if (pair.some((each) => known.has(each))) for (const each of pair) known.add(each)
  }
  return [...known]
}

/** Whether a block speaks of a name: it may drop or change what is called so. */
export function isInBlock({ blocks }: Named, name: string): boolean {
  return blocks !== '' && mentionsName(blocks, name)
}

interface Found {
  readonly objects: string[]
  readonly aspects: string[]
  readonly renames: (readonly [string, string])[]
  readonly options: (readonly [string, readonly string[]])[]
  readonly blocks: string[]
}

/** By node: what it names. */
const collectors: Readonly<Record<string, (found: Found, fields: Fields) => void>> = {
  AlterTableStmt: collectAlter,
  DropStmt: (found, fields) => {
    const kind = droppedKinds[String(fields.removeType)]
    if (kind !== undefined) found.objects.push(...asList(fields.objects).map((each) => `${kind} ${nameOf(each)}`))
  },
  RenameStmt: (found, fields) => {
    const kind = String(fields.renameType)
    const own = /OBJECT_(TABLE|VIEW|MATVIEW|INDEX)$/.test(kind) ? asText(fieldsOf(fields, 'relation')?.relname) : asText(fields.subname)
    const to = asText(fields.newname)
    // A column keeps its place in the table, whatever it is called.
    if (kind !== 'OBJECT_COLUMN' && own !== undefined && to !== undefined) found.renames.push([own, to])
  },
  CreatePolicyStmt: (found, fields) => found.objects.push(`policy ${asText(fields.policy_name)}`),
  AlterPolicyStmt: (found, fields) => found.objects.push(`policy ${asText(fields.policy_name)}`),
  CreateTrigStmt: (found, fields) => found.objects.push(`trigger ${asText(fields.trigname)}`),
  RuleStmt: (found, fields) => found.objects.push(`rule ${asText(fields.rulename)}`),
  AlterSeqStmt: (found, fields) => found.objects.push(`sequence ${asText(fieldsOf(fields, 'sequence')?.relname)}`),
  CreateFunctionStmt: (found, fields) => found.options.push([stringsOf(fields.funcname).at(-1) ?? '', optionsOf(fields.options)]),
  AlterFunctionStmt: (found, fields) =>
    found.options.push([stringsOf(fieldsOf(fields, 'func')?.objname).at(-1) ?? '', optionsOf(fields.actions)]),
  AlterOwnerStmt: (found, fields) => found.objects.push(`owner ${nameOf(fields.object)}`),
  AlterDomainStmt: (found, fields) => found.objects.push(`type ${stringsOf(fields.typeName).at(-1)}`),
  AlterStatsStmt: (found, fields) => found.objects.push(`statistics ${stringsOf(fields.defnames).at(-1)}`),
  AlterPublicationStmt: (found, fields) => found.objects.push(`publication ${asText(fields.pubname)}`),
  AlterEventTrigStmt: (found, fields) => found.objects.push(`event-trigger ${asText(fields.trigname)}`),
  CommentStmt: (found, fields) => found.objects.push(`comment ${nameOf(fields.object)}`),
  // A view that is replaced without options loses those that it had.
  ViewStmt: (found, fields) => {
    if (asList(fields.options).length > 0 || fields.withCheckOption !== 'NO_CHECK_OPTION')
      found.aspects.push(`${asText(fieldsOf(fields, 'view')?.relname)} options`)
  },
  DoStmt: collectBlock,
  CallStmt: collectBlock,
}

function collectBlock(found: Found, fields: Fields): void {
  found.blocks.push(JSON.stringify(fields).replaceAll(/\\[ntr"]/g, ' '))
}

function collectAlter(found: Found, fields: Fields): void {
  const relation = asText(fieldsOf(fields, 'relation')?.relname) ?? ''
  for (const item of asList(fields.cmds)) {
    const command = fieldsOf(item, 'AlterTableCmd') ?? {}
    const [subtype, name = ''] = [String(command.subtype), asText(command.name)]
    const [own, object, whole] = [attributeAspects[subtype], objectCommands[subtype], relationAspects[subtype]]
    if (own !== undefined) found.aspects.push(`${relation}.${name} ${own}`)
    if (subtype === 'AT_AlterColumnType') found.aspects.push(`${relation}.${name} type`)
    if (object !== undefined)
      found.objects.push(
        `${object} ${name || asText(fieldsOf(command.def, 'Constraint')?.conname) || asText(fieldsOf(command.def, 'ATAlterConstraint')?.conname)}`,
      )
    if (whole !== undefined) found.aspects.push(`${relation} ${whole}`)
  }
}

function optionsOf(options: unknown): readonly string[] {
  return asList(options).flatMap((item) => {
    const option = fieldsOf(item, 'DefElem')
    const name = asText(option?.defname)
    if (name === undefined) return []
    const variable = asText(fieldsOf(option?.arg, 'VariableSetStmt')?.name)
    return variable === undefined ? [name] : [name, `${name} ${variable}`]
  })
}

/** The last part of what an object is named by: of a trigger, rule or policy its own name, which follows its relation's. */
function nameOf(object: unknown): string {
  const names = stringsOf(
    fieldsOf(object, 'ObjectWithArgs')?.objname ?? fieldsOf(object, 'List')?.items ?? fieldsOf(object, 'TypeName')?.names ?? object,
  )
  return names.at(-1) ?? asText(fieldsOf(object, 'String')?.sval) ?? ''
}
