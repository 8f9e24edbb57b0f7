import type { CatalogDifference, CatalogObject, CatalogObjects } from '../../catalog/index.ts'
import { partsOf, quoteIdentifier } from '../../postgres/index.ts'

/** What a change asks of clients, in the words of semantic versioning: `major` can break one, `minor` gives more, `patch` neither. */
export type Level = 'major' | 'minor' | 'patch'

/** Why, and a statement of a client that shows it where one can be written from names alone. */
export interface Judged {
  readonly level: Level
  readonly because: string
  readonly witness?: string
}

/** Both schemas, and which of their objects it is about. */
interface About {
  readonly difference: CatalogDifference
  readonly object: CatalogObject
  readonly before: CatalogObjects
  readonly after: CatalogObjects
}

type Rule = (about: About) => Judged

const relationKinds: ReadonlySet<string> = new Set(['table', 'partitioned-table', 'view', 'materialized-view', 'foreign-table'])
const typeKinds: ReadonlySet<string> = new Set(['enum', 'domain', 'composite', 'range'])

/** How far a change reaches that is neither speed, room nor words. */
export function levelOf(difference: CatalogDifference, before: CatalogObjects, after: CatalogObjects): Judged {
  const key = `${difference.kind} ${difference.path}`
  const object = (difference.change === 'missing' ? before : after).get(key) ?? before.get(key)
  if (object === undefined) return minor('it differs')
  const about = { difference, object, before, after }
  if (difference.change === 'missing') return (gone[difference.kind] ?? goneOther)(about)
  if (difference.change === 'added') return (come[difference.kind] ?? comeOther)(about)
  const property = difference.property ?? ''
  if (onlyWords.has(property) && !(property === 'options' && difference.kind === 'view')) return patch('no statement answers otherwise')
  return (changed[`${difference.kind}.${property}`] ?? changed[property] ?? changedOther)(about)
}

/** The gravest level of some changes; `patch` of none. */
export function highest(levels: readonly Level[]): Level {
  return levels.includes('major') ? 'major' : levels.includes('minor') ? 'minor' : 'patch'
}

const major = (because: string, witness?: string): Judged => ({ level: 'major', because, ...(witness === undefined ? {} : { witness }) })
const minor = (because: string): Judged => ({ level: 'minor', because })
const patch = (because: string): Judged => ({ level: 'patch', because })

const onlyWords: ReadonlySet<string> = new Set(
  'comment storage compression statistics options toastOptions tablespace clustered replicaIdentity inheritance cost rows cache start accessMethod support label target version'.split(
    ' ',
  ),
)

/** A path as SQL, whatever its names are. */
const sql = (path: string): string => partsOf(path).map(quoteIdentifier).join('.')
const column = ({ attribute }: CatalogObject): string => quoteIdentifier(attribute ?? '')

const goneRelation: Rule = ({ object, after }) => {
  const view = after.has(`view ${object.path}`) && object.kind !== 'view'
  return view
    ? major(
        'a view has its name now: TRUNCATE, COPY … FROM, ON CONFLICT ON CONSTRAINT and ctid fail on it',
        `SELECT ctid FROM ${sql(object.path)} LIMIT 0`,
      )
    : major('statements that name it fail', `SELECT FROM ${sql(object.path)} LIMIT 0`)
}
const goneType: Rule = ({ object }) => major('statements that name it fail', `SELECT NULL::${sql(object.path)}`)
const goneRoutine: Rule = ({ object }) => major('calls fail', `SELECT '${object.path.replaceAll("'", "''")}'::regprocedure`)

const gone: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries([...relationKinds].map((kind) => [kind, goneRelation])),
  ...Object.fromEntries([...typeKinds].map((kind) => [kind, goneType])),
  ...Object.fromEntries(['function', 'procedure', 'aggregate'].map((kind) => [kind, goneRoutine])),
  schema: () => major('statements that name something in it fail'),
  attribute: ({ object }) => major('statements that name it fail', `SELECT ${column(object)} FROM ${sql(object.relation ?? '')} LIMIT 0`),
  sequence: ({ object }) => major('nextval of it fails', `SELECT last_value FROM ${sql(object.path)}`),
  constraint: ({ object }) => goneConstraint(object),
  index: ({ object }) => (isUnique(object) ? goneKey(object) : patch('statements answer the same, some of them more slowly')),
  trigger: () => major('writes no longer do what it did'),
  rule: () => major('statements no longer do what it did'),
  policy: ({ object }) =>
    object.properties.permissive === 'false' ? minor('rows that it hid are seen') : major('rows that it showed are hidden'),
  extension: () => major('what it brought along is gone'),
  publication: () => major('subscribers get nothing from it'),
  'default-privileges': () => minor('only objects that are made later have other rights'),
}
const goneOther: Rule = () => minor('it is gone')

function goneConstraint(object: CatalogObject): Judged {
  const { type, definition = '' } = object.properties
  if (type === 'primary key' || type === 'unique') return goneKey(object)
  if (type === 'foreign key' && /ON (?:DELETE|UPDATE) (?:CASCADE|SET)/.test(definition))
    return major('rows are no longer deleted or changed along with the row that they refer to')
  return minor('rows that it refused are accepted')
}

function goneKey(object: CatalogObject): Judged {
  const columns = /\((.*?)\)/.exec(object.properties.definition?.replace(/^.* USING \w+ /, '') ?? '')?.[1]
  if (columns === undefined || object.relation === undefined) return major('ON CONFLICT finds no unique key')
  const target = sql(object.relation)
  return major(
    'ON CONFLICT finds no unique key',
    `INSERT INTO ${target} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${target} LIMIT 0 ON CONFLICT (${columns}) DO NOTHING`,
  )
}

const isUnique = ({ properties }: CatalogObject): boolean => /^CREATE UNIQUE INDEX/.test(properties.definition ?? '')

const come: Readonly<Record<string, Rule>> = {
  attribute: comeAttribute,
  constraint: () => major('rows that were accepted can be refused'),
  'domain-constraint': () => major('values that were accepted can be refused'),
  index: ({ object }) => (isUnique(object) ? major('rows that were accepted can be refused') : patch('statements answer the same')),
  trigger: () => major('writes do more than before'),
  rule: () => major('statements do something else'),
  policy: ({ object }) =>
    object.properties.permissive === 'false' ? major('rows that were seen can be hidden') : minor('it can show more rows'),
  'default-privileges': () => minor('only objects that are made later have other rights'),
}
const comeOther: Rule = () => minor('it is new')

function comeAttribute({ object, before }: About): Judged {
  const { notNull, default: value, identity, generated } = object.properties
  const isView = ['view', 'materialized-view'].some((kind) => before.has(`${kind} ${object.relation}`))
  if (isView || notNull !== 'true' || value !== undefined || identity !== undefined || generated !== undefined)
    return minor('SELECT * has one more column')
  const old = [...before.values()].filter((each) => each.kind === 'attribute' && each.relation === object.relation)
  return major(
    'an INSERT that does not name it fails',
    `INSERT INTO ${sql(object.relation ?? '')} (${old.map(column).join(', ')}) VALUES (${old.map(() => '…').join(', ')})`,
  )
}

const another =
  (what: string): Rule =>
  () =>
    major(what)

const changed: Readonly<Record<string, Rule>> = {
  privileges: ({ difference: { before } }) => (before === undefined ? minor('some may do more') : major(`no longer granted: ${before}`)),
  owner: () => minor('other roles may change it'),
  persistence: () => minor('after a crash its rows are there or not as they were not before'),
  rowSecurity: ({ difference: { after } }) => (after === 'true' ? major('rows can be hidden') : minor('no row is hidden')),
  forcedRowSecurity: ({ difference: { after } }) =>
    after === 'true' ? major('rows can be hidden from the owner') : minor('the owner sees every row'),
  name: ({ difference: { kind } }) =>
    kind === 'index'
      ? patch('no statement names an index')
      : major('ON CONFLICT ON CONSTRAINT, and code that reads the name in an error, know the old one'),
  definition: another('it may answer otherwise'),
  'attribute.type': changedType,
  'attribute.notNull': ({ difference: { after } }) => (after === 'true' ? major('NULL is refused') : minor('NULL is accepted')),
  'attribute.default': another('an INSERT that does not name it fails, or stores something else'),
  'attribute.generated': another('what may be written to it differs'),
  'attribute.collation': another('ORDER BY and comparisons differ'),
  'attribute.identity': ({ difference: { before, after } }) =>
    after === 'always' || after === undefined
      ? major('an INSERT fails, or stores something else')
      : minor(before === undefined ? 'it is given out' : 'values of clients are accepted'),
  'constraint.expression': another('rows that were accepted can be refused'),
  'constraint.deferrable': ({ difference: { after } }) =>
    after === 'no' ? major('it is checked at once') : minor('it can be checked later'),
  'constraint.validated': () => patch('new rows are checked as before'),
  'constraint.enforced': ({ difference: { after } }) =>
    after === 'true' ? major('rows that were accepted can be refused') : minor('rows that it refused are accepted'),
  'index.predicate': ({ object }) => (isUnique(object) ? major('other rows are refused') : patch('statements answer the same')),
  'index.definition': ({ object }) => (isUnique(object) ? major('other rows are refused') : patch('statements answer the same')),
  'enum.labels': ({ difference: { severity } }) =>
    severity === 'info' ? minor('there is a label more') : major('labels are gone, or sort otherwise'),
  'trigger.enabled': another('writes do something else'),
  'policy.roles': another('other roles see the rows'),
  'policy.using': another('other rows are seen'),
  'policy.check': another('other rows are accepted'),
  'policy.command': another('it holds for other statements'),
  'policy.permissive': another('other rows are seen'),
  'sequence.increment': another('other values are given out'),
  'sequence.minimum': another('other values are given out'),
  'sequence.maximum': another('other values are given out'),
  'sequence.cycle': another('other values are given out'),
  'sequence.type': another('other values are given out'),
  'function.body': () => minor('what it answers is not compared here'),

  'function.returns': another('callers get another type'),
  'function.securityDefiner': another('it works with the rights of another role'),
  'view.options': another('other rows are seen, or accepted'),
  'attribute-order': another('SELECT * and an INSERT without column names take the columns in another order'),
}
const changedOther: Rule = () => minor('it differs')

function changedType({ difference: { before = '', after = '' } }: About): Judged {
  if (isWider(before, after)) return minor('it takes more values, and clients get those that they know')
  return major('values are refused, rounded, or come back as another type')
}

const integers = ['smallint', 'integer', 'bigint']

/** Whether every value of a type is one of the other with the same text. */
function isWider(before: string, after: string): boolean {
  const [old, now] = [integers.indexOf(before), integers.indexOf(after)]
  if (old >= 0 && now >= 0) return now > old
  const [varying, longer] = [before, after].map((type) => /^character varying(?:\((\d+)\))?$/.exec(type))
  if (varying && after === 'text') return true
  if (varying && longer) return longer[1] === undefined || (varying[1] !== undefined && Number(longer[1]) >= Number(varying[1]))
  const [digits, more] = [before, after].map((type) => /^numeric\((\d+),(\d+)\)$/.exec(type))
  return (
    digits !== null &&
    more !== null &&
    digits !== undefined &&
    more !== undefined &&
    digits[2] === more[2] &&
    Number(more[1]) >= Number(digits[1])
  )
}
