import { useCluster } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Attribute, Constraint, Index, Relation, Sequence, Trigger } from '../../../harness/catalog/index.ts'
import { readObjects } from '../../../harness/catalog/index.ts'
import { fields, unwatchedKinds } from '../../../harness/invariants/definitions-kept/fields.ts'
import type { Database, Session } from '../../../harness/postgres/index.ts'
import { legacyObjects, roles } from '../../harness/catalog/legacy-objects.ts'
import { judgePair } from './judge-pair.ts'
import { witnesses } from './witnesses.ts'

let database: Database
let session: Session

beforeAll(async () => {
  database = await (await useCluster()).createDatabase()
  session = await database.connect()
})

afterAll(async () => {
  await session.close()
  await database[Symbol.asyncDispose]()
})

const no = (because: string) => `harmless because ${because}`
const pairs = no('it only tells relations of one database apart')
const whole = no('the definition that it is a part of is compared')

/** What each field of the structured model is among the objects' properties, or why nobody needs to watch it. */
const structured: {
  readonly relation: Readonly<Record<keyof Relation, string>>
  readonly attribute: Readonly<Record<keyof Attribute, string>>
  readonly constraint: Readonly<Record<keyof Constraint, string>>
  readonly index: Readonly<Record<keyof Index, string>>
  readonly trigger: Readonly<Record<keyof Trigger, string>>
  readonly sequence: Readonly<Record<keyof Sequence, string>>
} = {
  relation: {
    schema: no('backward-compatibility tells clients that name it'),
    name: no('backward-compatibility tells clients that name it'),
    oid: pairs,
    fileNode: pairs,
    kind: no('the statement that makes a table or view says it'),
    persistence: 'table.persistence',
    partitionOf: 'table.partitionBound',
    partitionKey: 'table.partitionKey',
    inherits: 'table.parents',
    rowSecurity: 'table.rowSecurity',
    attributes: 'attribute.type',
    constraints: 'constraint.definition',
    indexes: 'index.definition',
    triggers: 'trigger.definition',
    rules: 'rule.definition',
    definition: 'view.definition',
    populated: 'materialized-view.populated',
    comment: 'table.comment',
  },
  attribute: {
    name: no('backward-compatibility tells clients that name it'),
    number: 'attribute.position',
    type: 'attribute.type',
    typePath: 'attribute.type',
    modifier: 'attribute.type',
    notNull: 'attribute.notNull',
    default: 'attribute.default',
    identity: 'attribute.identity',
    generated: 'attribute.generated',
    collation: 'attribute.collation',
    inherited: 'attribute.inheritance',
    comment: 'attribute.comment',
  },
  constraint: {
    name: no('a name does nothing to rows'),
    kind: 'constraint.type',
    definition: 'constraint.definition',
    attributes: whole,
    expression: 'constraint.expression',
    references: whole,
    onDelete: whole,
    matchFull: whole,
    deferrable: 'constraint.deferrable',
    initiallyDeferred: 'constraint.deferrable',
    validated: 'constraint.validated',
    enforced: 'constraint.enforced',
    inherited: 'constraint.inheritance',
  },
  index: {
    name: no('a name does nothing to rows'),
    unique: whole,
    primary: whole,
    nullsNotDistinct: whole,
    valid: 'index.valid',
    attributes: whole,
    expressions: whole,
    predicate: 'index.predicate',
    exclusion: whole,
    definition: 'index.definition',
  },
  trigger: { name: no('a name does nothing to rows'), definition: 'trigger.definition', enabled: 'trigger.enabled' },
  sequence: {
    schema: no('the column that it fills is compared'),
    name: no('the column that it fills is compared'),
    ownedBy: 'sequence.ownedBy',
    cache: 'sequence.cache',
    greatest: 'sequence.maximum',
  },
}

test('every field of the structured model is a property of the objects, or harmless', () => {
  const unknown = Object.values(structured)
    .flatMap((each) => Object.values<string>(each))
    .filter((name) => {
      const [kind = '', property = ''] = name.split('.')
      return !name.startsWith('harmless because ') && fields[kind]?.[property] === undefined
    })
  expect(unknown).toEqual([])
})

describe('every property that is read of an object', () => {
  test('has a rule, or a reason why it needs none', async () => {
    await session.script('BEGIN')
    try {
      await session.script(roles)
      await session.script(legacyObjects)
      const objects = [...(await readObjects(session, { roles: ['alice'] })).values()]
      const without = objects.flatMap(({ kind, properties }) =>
        Object.keys(properties).flatMap((property) =>
          unwatchedKinds[kind] !== undefined || fields[kind]?.[property] !== undefined ? [] : [`${kind}.${property}`],
        ),
      )
      expect([...new Set(without)]).toEqual([])
      expect(objects.length).toBeGreaterThan(80)
    } finally {
      await session.script('ROLLBACK')
    }
  })
})

/** Each rule once: kinds that have the same rules are compared by the same code. */
const watched = Object.entries(fields).flatMap(([kind, properties], at) =>
  Object.entries(properties).flatMap(([property, field]) => {
    const isShared = Object.values(fields)
      .slice(0, at)
      .some((other) => other === properties || (kind === 'view' && other[property] === field))
    return 'because' in field || isShared ? [] : [{ name: `${kind}.${property}`, field }]
  }),
)

describe('a rule has a witness', () => {
  test.each(watched)('$name', async ({ name, field: { kind, severity } }) => {
    const witness = witnesses[name]
    if (witness === undefined) throw new Error(`there is no witness of ${name}: add one, or say in fields.ts why it needs no rule`)
    const found = await judgePair(session, witness.legacy, witness.up)
    expect(found.map((each) => `${each.severity} ${each.kind}`)).toEqual([`${witness.severity ?? severity} ${witness.kind ?? kind}`])
  })

  test('and no witness is left over', () => {
    expect(Object.keys(witnesses).toSorted()).toEqual(watched.map(({ name }) => name).toSorted())
  })
})
