import { shownName } from '../../postgres/index.ts'
import {
  alterColumn,
  byStatement,
  comment,
  detail,
  type Fields,
  hasLostItem,
  isLost,
  isNoMore,
  isOther,
  label,
  no,
  rights,
  seenByReaders,
  storage,
} from './field.ts'

export const relation: Fields = {
  owner: rights,
  privileges: rights,
  persistence: {
    kind: 'storage',
    severity: 'warning',
    says: () => 'is UNLOGGED now: its rows are lost when the server crashes',
    restore: (name) => `ALTER TABLE ${shownName(name)} SET LOGGED;`,
    isLess: (before, after) => before === 'permanent' && after === 'unlogged',
  },
  accessMethod: { ...storage('access method'), isLess: isOther },
  tablespace: no('where a table lies changes neither rows nor statements'),
  options: storage('storage options'),
  toastOptions: storage('TOAST options'),
  replicaIdentity: {
    kind: 'replication',
    severity: 'warning',
    says: (before, after) => `has the replica identity ${after} instead of ${before}`,
    restore: (name, before) =>
      `ALTER TABLE ${shownName(name)} REPLICA IDENTITY ${before.replace(/^index /, 'USING INDEX ').replace(/^(full|nothing|default)$/, (text) => text.toUpperCase())};`,
    isLess: (before, after) => !(before?.startsWith('index') && after?.startsWith('index')),
  },
  rowSecurity: {
    kind: 'policy',
    severity: 'error',
    says: () => 'has row security off now: its policies do not hold',
    restore: (name) => `ALTER TABLE ${shownName(name)} ENABLE ROW LEVEL SECURITY; then create its policies.`,
    isLess: isNoMore,
  },
  forcedRowSecurity: {
    kind: 'policy',
    severity: 'warning',
    says: () => 'no longer forces row security on its owner, who sees every row now',
    restore: (name) => `ALTER TABLE ${shownName(name)} FORCE ROW LEVEL SECURITY;`,
    isLess: isNoMore,
  },
  partitionBound: no('a partition is judged by its root'),
  partitionKey: byStatement,
  parents: {
    kind: 'storage',
    severity: 'warning',
    says: (before) => `no longer inherits from ${before}: queries on ${before} miss its rows`,
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

export const view: Fields = {
  ...relation,
  options: {
    kind: 'view',
    severity: 'warning',
    says: (before) => `loses the option ${before}`,
    restore: (name, before) => `ALTER VIEW ${shownName(name)} SET (${before});`,
    isLess: hasLostItem,
  },
}

export const attribute: Fields = {
  type: no('backward-compatibility judges types'),
  default: no('backward-compatibility judges defaults'),
  identity: no('backward-compatibility judges what fills an attribute that an INSERT leaves out'),
  notNull: {
    kind: 'not-null',
    severity: 'warning',
    says: () => 'accepts NULL now',
    restore: (name) => alterColumn(name, 'SET NOT NULL'),
    isLess: isNoMore,
  },
  generated: {
    kind: 'generated',
    severity: 'error',
    says: () => 'is a plain column now: the database no longer computes it',
    isLess: isLost,
  },
  collation: {
    kind: 'collation',
    severity: 'warning',
    says: (before, after) => `has the collation ${after ?? 'of its type'} instead of ${before ?? 'that of its type'}`,
  },
  storage: { ...storage('storage'), isLess: isOther },
  compression: storage('compression'),
  statistics: detail('statistics target', isLost),
  options: detail('options', isLost),
  foreignOptions: byStatement,
  inheritance: no('the parent is compared'),
  position: no('clients go by names; rollback-restores-state judges the order of attributes'),
  privileges: rights,
  comment,
  label,
}

export const constraint: Fields = {
  type: no('constraints are compared by what they say'),
  definition: { kind: 'foreign-key', severity: 'error' },
  expression: { kind: 'check', severity: 'error' },
  noInherit: no('a table that is made anew has no heirs'),
  validated: { kind: 'check', severity: 'info' },
  enforced: { kind: 'check', severity: 'error' },
  deferrable: { kind: 'foreign-key', severity: 'warning' },
  inheritance: no('the parent is compared'),
  comment: seenByReaders,
  label,
}

export const index: Fields = {
  definition: { kind: 'index', severity: 'warning' },
  predicate: { kind: 'index', severity: 'warning' },
  valid: { kind: 'index', severity: 'warning' },
  ready: no('an index that is not ready is not valid either'),
  clustered: storage('CLUSTER order'),
  tablespace: no('where a table lies changes neither rows nor statements'),
  constraint: no('the constraint is compared'),
  statistics: detail('statistics target', isLost),
  parents: no('the index of the root is compared'),
  comment,
  label,
}

export const sequence: Fields = {
  owner: rights,
  privileges: rights,
  persistence: no('it follows its table'),
  type: no('its greatest number is compared'),
  start: no('only RESTART goes back to it'),
  increment: { kind: 'sequence', severity: 'warning', says: (before, after) => `increments by ${after} instead of ${before}` },
  minimum: no('a sequence that does not cycle never comes to it'),
  maximum: {
    kind: 'sequence',
    severity: 'warning',
    says: (before, after) => `ends at ${after} instead of ${before}`,
    isLess: (before, after) => BigInt(after ?? 0) < BigInt(before ?? 0),
  },
  cache: no('it only tells how many numbers a session takes at a time'),
  cycle: {
    kind: 'sequence',
    severity: 'warning',
    says: (_, after) =>
      after === 'true'
        ? 'starts again after its last number, where it stopped before'
        : 'stops at its last number, where it started again before',
  },
  ownedBy: no('a sequence falls with the column that owns it, unless a statement names it'),
  comment,
  label,
}
