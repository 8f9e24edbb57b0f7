import type { Severity } from '../../result/index.ts'
import type { rules } from './rules.ts'

/** A property of which something is found when it is not as it was. */
export interface Watched {
  readonly kind: keyof typeof rules
  readonly severity: Severity
  /** What happens, after the object's name: `public.items.code takes NULL now`. Of objects that are judged as a whole it is not asked. */
  readonly says?: ((before: string | undefined, after: string | undefined) => string) | undefined
  /** Whether this change is one for the worse; default any. */
  readonly isLess?: ((before: string | undefined, after: string | undefined) => boolean) | undefined
}

/** A property that another invariant judges, or that nobody needs to. */
export interface Unwatched {
  readonly because: string
}

export type Field = Watched | Unwatched

type Fields = Readonly<Record<string, Field>>

const no = (because: string): Unwatched => ({ because })

const rights = no('access-parity judges what each role can do')
const detail = (what: string): Watched => ({ kind: 'detail', severity: 'info', says: () => `has lost its ${what}`, isLess: isLost })
const comment = detail('comment')
const label = detail('security label')
const storage = (what: string): Watched => ({
  kind: 'storage',
  severity: 'info',
  says: (before, after) =>
    `has ${after === undefined ? 'no' : 'another'} ${what}${after === undefined ? '' : ` (${after})`}; it was ${before ?? 'the default'}`,
})
const byStatement = no('only a statement that gives it changes it')

function isLost(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && after === undefined
}

/** A partitioned table has none. */
function isOther(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && after !== undefined
}

function isNoMore(before: string | undefined, after: string | undefined): boolean {
  return before === 'true' && after === 'false'
}

const relation: Fields = {
  owner: rights,
  privileges: rights,
  persistence: {
    kind: 'storage',
    severity: 'warning',
    says: () => 'is UNLOGGED now: its rows are lost when the server crashes',
    isLess: (before, after) => before === 'permanent' && after === 'unlogged',
  },
  accessMethod: { ...storage('access method'), isLess: isOther },
  tablespace: storage('tablespace'),
  options: storage('storage options'),
  toastOptions: storage('TOAST options'),
  replicaIdentity: {
    kind: 'replication',
    severity: 'warning',
    says: (before, after) => `has the replica identity ${after}; it was ${before}`,
    isLess: (before, after) => !(before?.startsWith('index') && after?.startsWith('index')),
  },
  rowSecurity: {
    kind: 'policy',
    severity: 'error',
    says: () => 'has no row security any more: its policies do not apply',
    isLess: isNoMore,
  },
  forcedRowSecurity: {
    kind: 'policy',
    severity: 'warning',
    says: () => 'does not force row security any more: its owner sees every row',
    isLess: isNoMore,
  },
  partitionBound: no('a partition is judged by its root'),
  partitionKey: byStatement,
  parents: {
    kind: 'storage',
    severity: 'warning',
    says: (before) => `does not inherit from ${before} any more: queries on that table leave its rows out`,
    isLess: isLost,
  },
  ofType: no('attributes are compared one by one'),
  definition: no('the statement that replaces a view gives it; backward-compatibility judges its rows'),
  populated: byStatement,
  server: byStatement,
  foreignOptions: byStatement,
  comment,
  label,
}

const view: Fields = {
  ...relation,
  options: { kind: 'view', severity: 'warning', says: (before) => `has lost the option ${before}`, isLess: hasLostItem },
}

function hasLostItem(before: string | undefined, after: string | undefined): boolean {
  const now = new Set((after ?? '').split(', '))
  return (before ?? '').split(', ').some((each) => each !== '' && !now.has(each))
}

const attribute: Fields = {
  type: no('backward-compatibility judges types'),
  default: no('backward-compatibility judges defaults'),
  identity: no('backward-compatibility judges what fills an attribute that an INSERT leaves out'),
  notNull: { kind: 'not-null', severity: 'warning', says: () => 'takes NULL now: NOT NULL is gone', isLess: isNoMore },
  generated: {
    kind: 'generated',
    severity: 'error',
    says: () => 'is a plain column now: nothing computes it any more',
    isLess: isLost,
  },
  collation: {
    kind: 'collation',
    severity: 'warning',
    says: (before, after) => `is compared by the collation ${after ?? 'of its type'}; it was ${before ?? 'that of its type'}`,
  },
  storage: { ...storage('storage'), isLess: isOther },
  compression: storage('compression'),
  statistics: detail('statistics target'),
  options: detail('options'),
  foreignOptions: byStatement,
  inheritance: no('the parent is compared'),
  position: no('clients go by names; rollback-restores-state judges the order of attributes'),
  privileges: rights,
  comment,
  label,
}

const constraint: Fields = {
  type: no('constraints are compared by what they say'),
  definition: { kind: 'foreign-key', severity: 'error' },
  expression: { kind: 'check', severity: 'error' },
  noInherit: no('a table that is made anew has no heirs'),
  validated: { kind: 'check', severity: 'info' },
  enforced: { kind: 'check', severity: 'error' },
  deferrable: { kind: 'foreign-key', severity: 'warning' },
  inheritance: no('the parent is compared'),
  comment,
  label,
}

const index: Fields = {
  definition: { kind: 'index', severity: 'warning' },
  predicate: { kind: 'index', severity: 'warning' },
  valid: { kind: 'index', severity: 'warning' },
  ready: no('an index that is not ready is not valid either'),
  clustered: storage('CLUSTER order'),
  tablespace: storage('tablespace'),
  constraint: no('the constraint is compared'),
  statistics: detail('statistics target'),
  parents: no('the index of the root is compared'),
  comment,
  label,
}

const sequence: Fields = {
  owner: rights,
  privileges: rights,
  persistence: no('it follows its table'),
  type: no('its greatest number is compared'),
  start: no('only RESTART goes back to it'),
  increment: { kind: 'sequence', severity: 'warning', says: (before, after) => `counts by ${after}; it counted by ${before}` },
  minimum: no('a sequence that does not cycle never comes to it'),
  maximum: {
    kind: 'sequence',
    severity: 'warning',
    says: (before, after) => `ends at ${after}; it ended at ${before}`,
    isLess: (before, after) => BigInt(after ?? 0) < BigInt(before ?? 0),
  },
  cache: no('it only tells how many numbers a session takes at a time'),
  cycle: {
    kind: 'sequence',
    severity: 'warning',
    says: (_, after) =>
      after === 'true' ? 'begins anew after its last number; it stopped there' : 'stops at its last number; it began anew',
  },
  ownedBy: {
    kind: 'detail',
    severity: 'info',
    says: () => 'belongs to no column any more: it stays when the table is dropped',
    isLess: isLost,
  },
  comment,
  label,
}

const routine: Fields = {
  owner: {
    kind: 'function',
    severity: 'warning',
    says: (before, after) => `belongs to ${after}; it belonged to ${before}, whose rights it used`,
  },
  privileges: rights,
  arguments: byStatement,
  returns: no('backward-compatibility judges results'),
  language: byStatement,
  body: byStatement,
  library: byStatement,
  definition: byStatement,
  window: byStatement,
  support: byStatement,
  securityDefiner: {
    kind: 'function',
    severity: 'error',
    says: () => 'runs with the rights of its caller now: it was SECURITY DEFINER',
    isLess: isNoMore,
  },
  settings: {
    kind: 'function',
    severity: 'warning',
    says: (before, after) => `has lost the setting ${lostItems(before, after)}`,
    isLess: hasLostItem,
  },
  strict: {
    kind: 'function',
    severity: 'warning',
    says: () => 'runs with NULL arguments now: it was STRICT and answered NULL',
    isLess: isNoMore,
  },
  volatility: {
    kind: 'function',
    severity: 'warning',
    says: (before, after) => `is ${after?.toUpperCase()} now; it was ${before?.toUpperCase()}: indexes and plans cannot rely on it`,
    isLess: (before, after) => volatilities.indexOf(after ?? '') > volatilities.indexOf(before ?? ''),
  },
  parallel: detail('PARALLEL setting'),
  leakproof: { ...detail('LEAKPROOF setting'), isLess: isNoMore },
  cost: detail('COST'),
  rows: detail('ROWS'),
  comment,
  label,
}

const volatilities = ['immutable', 'stable', 'volatile']

function lostItems(before: string | undefined, after: string | undefined): string {
  const now = new Set((after ?? '').split(', '))
  return (before ?? '')
    .split(', ')
    .filter((each) => !now.has(each))
    .join(', ')
}

const domain: Fields = {
  owner: rights,
  privileges: rights,
  type: no('backward-compatibility judges types'),
  notNull: { kind: 'not-null', severity: 'warning', says: () => 'takes NULL now: NOT NULL is gone', isLess: isNoMore },
  default: byStatement,
  collation: byStatement,
  comment,
  label,
}

/** By kind of object, every property that is read of it. A kind that is not here has no property that a migration changes without naming the object. */
export const fields: Readonly<Record<string, Fields>> = {
  table: relation,
  'partitioned-table': relation,
  'foreign-table': relation,
  view,
  'materialized-view': relation,
  attribute,
  constraint,
  index,
  sequence,
  rule: { definition: { kind: 'trigger', severity: 'error' }, enabled: { kind: 'trigger', severity: 'error' }, comment, label },
  trigger: { definition: { kind: 'trigger', severity: 'error' }, enabled: { kind: 'trigger', severity: 'error' }, comment, label },
  policy: {
    command: { kind: 'policy', severity: 'error' },
    permissive: { kind: 'policy', severity: 'error' },
    roles: { kind: 'policy', severity: 'error' },
    using: { kind: 'policy', severity: 'error' },
    check: { kind: 'policy', severity: 'error' },
    comment,
    label,
  },
  statistics: {
    owner: rights,
    definition: { kind: 'detail', severity: 'info' },
    target: { kind: 'detail', severity: 'info' },
    comment,
    label,
  },
  function: routine,
  procedure: routine,
  aggregate: routine,
  domain,
  'domain-constraint': {
    expression: { kind: 'check', severity: 'error' },
    validated: { kind: 'check', severity: 'info' },
    comment,
    label,
  },
  publication: {
    owner: rights,
    options: byStatement,
    members: { kind: 'replication', severity: 'warning' },
    comment,
    label,
  },
  'event-trigger': {
    owner: rights,
    event: byStatement,
    function: { kind: 'trigger', severity: 'error' },
    enabled: byStatement,
    tags: byStatement,
    comment,
    label,
  },
}

const named = 'only a statement that names it changes it'

/** Kinds of objects that a table made anew cannot lose, each with why. */
export const unwatchedKinds: Readonly<Record<string, string>> = {
  schema: named,
  database: named,
  'database-setting': named,
  extension: named,
  'default-privileges': 'they decide over rights of new objects, which access-parity judges',
  collation: named,
  conversion: named,
  'text-search-configuration': named,
  'text-search-dictionary': named,
  'text-search-parser': named,
  'text-search-template': named,
  subscription: named,
  'foreign-data-wrapper': named,
  server: named,
  'user-mapping': named,
  'large-object': 'it holds data, which no definition names',
  role: 'access-parity judges what each role can do',
  enum: 'backward-compatibility judges its labels',
  composite: named,
  'type-attribute': named,
  range: named,
  'base-type': named,
  'shell-type': named,
  cast: named,
  operator: named,
  'operator-class': named,
  'operator-family': named,
  'access-method': named,
  transform: named,
  language: named,
}
