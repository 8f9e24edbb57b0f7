import type { OwnInvariant, Rule } from '../../result/index.ts'

const rules = {
  'statement-refused': {
    severity: 'warning',
    title: 'a statement is refused by one version of PostgreSQL',
    meaning: 'The migration applies on one of the versions and fails on another, whatever rows there are.',
    remedy: 'Write the statement in a form that all versions know, or raise the oldest version that you support.',
  },
  'finding-differs': {
    severity: 'warning',
    title: 'a finding is there on one version of PostgreSQL only',
    meaning: 'The same migration on the same generated rows does on one version what it does not do on another.',
    remedy: 'Look at the finding itself: it has the statement and the rows. It holds for the versions that are named.',
  },
  'verdict-differs': {
    severity: 'warning',
    title: 'the verdict depends on the version of PostgreSQL',
    meaning: 'What lets the migration pass on one version does not let it pass on another.',
    remedy: 'Read what differs beside it. The verdict of the whole is the worst one.',
  },
  'schema-differs': {
    severity: 'warning',
    title: 'the migrated schema depends on the version of PostgreSQL',
    meaning:
      'After the migration an object, its name or a property of it is not the same on all versions, so that a later step may not find it.',
    remedy: 'Name the object and set the property in the migration, and do not leave it to the server.',
  },
  'lock-differs': {
    severity: 'warning',
    title: 'a statement takes another lock on another version of PostgreSQL',
    meaning: 'Clients wait for the migration on one version where they go on on another.',
    remedy: 'Plan the release for the stronger lock.',
  },
  'rewrite-differs': {
    severity: 'warning',
    title: 'a statement rewrites a table on one version of PostgreSQL only',
    meaning: 'The table is copied while it is locked on one version, and not on another.',
    remedy: 'Plan the release for the rewrite, or fill the column in batches.',
  },
} as const satisfies Readonly<Record<string, Rule>>

export type DifferenceKind = keyof typeof rules

/** What the comparison of several versions reports under; it judges only where several were asked for. */
export const sameOnVersions = {
  id: 'same-on-versions',
  holds: 'On each version of PostgreSQL that was asked for the migration applies, finds and leaves the same, with the same locks.',
  rules,
} satisfies OwnInvariant
