import type { Relation } from '../../catalog/index.ts'
import { sameRelation } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { RunObservation } from '../../run/index.ts'
import { attributeChanges } from './attribute-changes.ts'
import { constraintChanges } from './constraint-changes.ts'
import { type Facade, facadeOf } from './facade.ts'
import type { InterfaceChange, Routine } from './model.ts'

/**
 * What a client compiled against the legacy catalog can run into on the migrated one. Clients go by names: a relation of the same name is
 * the same to them, whatever it is.
 */
export function interfaceChanges(
  run: Pick<RunObservation, 'legacy' | 'migrated'>,
  routines: { readonly before: readonly Routine[]; readonly after: readonly Routine[] },
): readonly InterfaceChange[] {
  const { migrated } = run
  if (migrated === undefined) return []
  const relations = [...run.legacy.catalog.relations].flatMap(([path, relation]) => {
    // Clients go by the root of a tree of partitions.
    if (relation.partitionOf !== undefined || relation.persistence === 'temporary') return []
    const facade = facadeOf(run, path, relation)
    return facade === undefined
      ? [relationGone(run, path, relation)]
      : [...relationMoved(facade), ...attributeChanges(facade), ...constraintChanges(facade)]
  })
  return [...relations, ...routineChanges(routines)]
}

function relationGone(run: Pick<RunObservation, 'legacy' | 'migrated'>, path: string, relation: Relation): InterfaceChange {
  const own = sameRelation(run, path)
  const where = own === undefined ? 'is gone' : `is named ${shownName(own)} now`
  return {
    what: 'relation-gone',
    kind: 'fails',
    severity: 'warning',
    relation: path,
    operations: ['read', 'insert', 'update', 'delete', 'statement'],
    message: `Queries that name the ${kindName(relation)} ${shownName(path)} fail: it ${where}`,
    hint:
      own === undefined
        ? `Drop it in a later migration, once no client names it. Until then keep the table, or a view of this name.`
        : `Keep a view under the old name until no client uses it: CREATE VIEW ${shownName(path)} WITH (security_invoker = true) AS SELECT * FROM ${shownName(own)};`,
  }
}

/** The legacy relation is there under another name, and something else has taken its own. */
function relationMoved({ path, legacy, migrated, catalogs }: Facade): readonly InterfaceChange[] {
  if (legacy.oid === migrated.oid) return []
  const found = [...catalogs.migrated.relations].find(([, each]) => each.oid === legacy.oid)
  if (found === undefined) return []
  return [
    {
      what: 'relation-moved',
      kind: 'renamed',
      severity: 'info',
      relation: path,
      operations: [],
      message: `The ${kindName(legacy)} ${shownName(path)} is named ${shownName(found[0])} now; queries that name ${shownName(path)} get a ${kindName(migrated)}`,
      hint: `Use the name ${shownName(found[0])} in publications, backups and later migrations.`,
    },
  ]
}

function kindName({ kind }: Relation): string {
  return kind.replaceAll('-', ' ')
}

function routineChanges({
  before,
  after,
}: {
  readonly before: readonly Routine[]
  readonly after: readonly Routine[]
}): readonly InterfaceChange[] {
  const now = new Map(after.map((each) => [each.path, each]))
  return before.flatMap((routine): readonly InterfaceChange[] => {
    const found = now.get(routine.path)
    if (found === undefined) {
      const others = after.filter((each) => each.name === routine.name && !before.some((known) => known.path === each.path))
      const instead = others.length === 0 ? '' : `; there is ${others.map((each) => each.path).join(', ')} now`
      return [
        {
          what: 'function-gone',
          kind: 'fails',
          severity: 'warning',
          object: routine.path,
          operations: ['statement'],
          message: `Queries that call ${shownName(routine.path)} fail: the function is gone${instead}`,
          hint: `Keep ${shownName(routine.path)} as a wrapper until no client calls it.`,
        },
      ]
    }
    if (found.result === routine.result) return []
    return [
      {
        what: 'function-result',
        kind: 'type',
        severity: 'warning',
        object: routine.path,
        operations: ['statement'],
        message: `${shownName(routine.path)} returns ${found.result} instead of ${routine.result}`,
        hint: `Create the new function under another name, and keep ${shownName(routine.path)} until no client calls it.`,
      },
    ]
  })
}
