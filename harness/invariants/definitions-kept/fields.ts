import { shownName } from '../../postgres/index.ts'
import { byStatement, comment, detail, type Fields, hasLostItem, isNoMore, label, no, rights, seenByReaders } from './field.ts'
import { attribute, constraint, index, relation, sequence, view } from './relation-fields.ts'

const routine: Fields = {
  owner: {
    kind: 'function',
    severity: 'warning',
    says: (before, after) => `runs with the rights of ${after} now: its owner was ${before}`,
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
    says: () => 'runs with the rights of its caller now (it was SECURITY DEFINER)',
    restore: (name) => `ALTER FUNCTION ${shownName(name)} SECURITY DEFINER;`,
    isLess: isNoMore,
  },
  settings: {
    kind: 'function',
    severity: 'warning',
    says: (before, after) => `loses the setting ${lostItems(before, after)}`,
    restore: (name, before) =>
      before
        .split(', ')
        .map((each) => `ALTER FUNCTION ${shownName(name)} SET ${each.replace('=', ' TO ')};`)
        .join(' '),
    isLess: hasLostItem,
  },
  strict: {
    kind: 'function',
    severity: 'warning',
    says: () => 'is called with NULL arguments now (it was STRICT and returned NULL)',
    restore: (name) => `ALTER FUNCTION ${shownName(name)} STRICT;`,
    isLess: isNoMore,
  },
  volatility: {
    kind: 'function',
    severity: 'warning',
    says: (before, after) => `is ${after?.toUpperCase()} now (it was ${before?.toUpperCase()})`,
    restore: (name, before) => `ALTER FUNCTION ${shownName(name)} ${before.toUpperCase()};`,
    isLess: (before, after) => volatilities.indexOf(after ?? '') > volatilities.indexOf(before ?? ''),
  },
  parallel: detail('PARALLEL setting'),
  leakproof: detail('LEAKPROOF setting', isNoMore),
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
  notNull: { kind: 'not-null', severity: 'warning', says: () => 'accepts NULL now', isLess: isNoMore },
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
  rule: {
    definition: { kind: 'trigger', severity: 'error' },
    enabled: { kind: 'trigger', severity: 'error' },
    comment: seenByReaders,
    label,
  },
  trigger: {
    definition: { kind: 'trigger', severity: 'error' },
    enabled: { kind: 'trigger', severity: 'error' },
    comment,
    label,
  },
  policy: {
    command: { kind: 'policy', severity: 'error' },
    permissive: { kind: 'policy', severity: 'error' },
    roles: { kind: 'policy', severity: 'error' },
    using: { kind: 'policy', severity: 'error' },
    check: { kind: 'policy', severity: 'error' },
    comment: seenByReaders,
    label,
  },
  statistics: {
    owner: rights,
    definition: { kind: 'detail', severity: 'info' },
    target: { kind: 'detail', severity: 'info' },
    comment: seenByReaders,
    label,
  },
  function: routine,
  procedure: routine,
  aggregate: routine,
  domain,
  'domain-constraint': {
    expression: { kind: 'check', severity: 'error' },
    validated: no('a value of before is looked at when it is written again'),
    comment: seenByReaders,
    label,
  },
  publication: {
    owner: rights,
    options: byStatement,
    members: { kind: 'replication', severity: 'warning' },
    comment: seenByReaders,
    label,
  },
  'event-trigger': {
    owner: rights,
    event: byStatement,
    function: { kind: 'trigger', severity: 'error' },
    enabled: byStatement,
    tags: byStatement,
    comment: seenByReaders,
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
