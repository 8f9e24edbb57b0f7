/** Commands of pages (by how they begin) that `commands.spec.ts` does not run, and why: what runs them instead, or what it would take. */
export const commandsNotRun: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'npm ci && npx godwit verify': 'the gate installs and specs/migrations-on-15.spec.ts verifies it; an install takes a minute',
    'npm ci && npm test': 'it runs this spec',
    'npm i -D godwit': 'specs/harness/packed.spec.ts installs the packed Godwit',
    'npx godwit doctor': 'specs/harness/cli/day-one.spec.ts',
    'npx godwit init': 'specs/harness/cli/init.spec.ts',
    'npx godwit verify --since main': 'specs/harness/cli/nothing-new.spec.ts',
    'npx godwit verify path/to': 'the reader’s own folder; specs/harness/cli/verify.spec.ts has others',
    'npx godwit watch': 'it goes on until it is stopped; specs/harness/cli/watch.spec.ts',
  },
  'docs/ci.md': {
    'git fetch origin main': 'it needs a remote repository',
    'npx godwit verify --since origin/main': 'specs/harness/ci/workflow.spec.ts',
  },
  'docs/clients.md': { 'GODWIT_CASES=10000': 'it takes a minute; the same spec runs with fewer cases in the gate' },
  'docs/command.md': {
    'godwit replay reports/': 'a file of the reader’s; specs/harness/packed.spec.ts replays one',
    'godwit queries migrations/stock-batches': 'specs/harness/operations/queries.spec.ts writes such files',
    'psql -d shop': 'a database of the reader’s; specs/harness/operations/queries.spec.ts runs such files with psql',
  },
  'docs/compare.md': { '': 'specs/harness/operations/compare-page.spec.ts runs each, and compares what it prints' },
  'docs/environment.md': { 'godwit verify .': 'a project of the reader’s; specs/harness/environment/supabase.spec.ts has the notes' },
  'docs/evidence.md': { '': 'specs/harness/operations/evidence-page.spec.ts runs each, and compares what it prints' },
  'docs/drift.md': { '': 'specs/harness/operations/drift-page.spec.ts runs each, and compares what it prints' },
  'docs/how-to-add-a-stand-in.md': { 'npx vitest run specs/': 'a spec, which runs in the gate' },
  'docs/how-to-add-an-invariant.md': { 'npx vitest run specs/': 'specs, which run in the gate' },
  'docs/how-to-add-an-option.md': { 'npx vitest run specs/': 'specs, which run in the gate', 'npx tsc --noEmit': 'the gate runs it' },
  'docs/interleavings.md': { 'npx godwit verify migrations/my-step --isolation': 'specs/invariants/isolation/ runs beside writes' },
  'docs/kv-to-tables.md': { '': 'specs/kv-to-tables/guide.spec.ts runs each, and compares what it prints' },
  'docs/crash.md': { 'godwit verify migrations/my-step --crash': 'specs/crash.spec.ts and specs/invariants/atomicity/ kill servers' },
  'docs/no-degradation.md': {
    'godwit verify migrations/my-step --performance': 'specs/invariants/no-degradation/ times statements',
    'GODWIT_PROFILE_URL=postgresql://reader@db.example.org/shop godwit verify migrations/my-step':
      'specs/harness/cli/profile.spec.ts names a database',
  },
  'docs/online-safety.md': { 'godwit verify migrations/my-step --online': 'specs/invariants/online-safety/ runs under traffic' },
  'docs/order-line-items.md': {
    '': 'verification under traffic takes a minute each; specs/order-line-items.spec.ts and specs/order-line-items/',
  },
  'docs/past-one-machine.md': {
    'npx godwit verify --shard': 'specs/harness/cli/shards.spec.ts runs shards, with and without costs',
    'npx godwit report --merge': 'specs/harness/cli/shards.spec.ts compares the merged report with the whole',
    'npx godwit verify --cache': 'specs/harness/history/shared-cache.spec.ts keeps verdicts in a folder and in a store like S3',
  },
  'docs/programs.md': {
    'npx godwit init': 'specs/harness/recording/first-steps.spec.ts runs it for each tool',
    'npx godwit doctor': 'specs/harness/recording/first-steps.spec.ts runs it for each tool',
    'npx godwit verify': 'specs/harness/recording/first-steps.spec.ts runs it for each tool',
  },
  'docs/queries.md': { '': 'specs/harness/operations/queries.spec.ts runs the example with psql' },
  'docs/ready.md': {
    'npx godwit observe --watch': 'it goes on until it is stopped; specs/harness/operations/watch.spec.ts',
    'npx godwit observe migrations/move-stock/drop-stock.ts --watch':
      'it goes on until it is stopped; specs/harness/operations/watch.spec.ts',
    '': 'specs/harness/operations/ready-page.spec.ts runs each, and compares what it prints',
  },
  'docs/references.md': { '': 'specs/harness/operations/references-page.spec.ts runs each, and compares what it prints' },
  'docs/rehearse.md': { '': 'specs/harness/operations/rehearse-page.spec.ts runs it, and compares what it prints' },
  'docs/reliability.md': { 'npm run fire': 'specs/harness/under-fire.spec.ts does a few of each' },
  'docs/rename-a-table.md': { '': 'specs/harness/operations/compat-page.spec.ts runs each, and compares what it prints' },
  'docs/reports.md': { 'createdb throwaway': 'specs/harness/report/counterexample-psql.spec.ts runs such a file with psql' },
  'docs/versions.md': {
    'npx godwit verify db/migrations --postgres': 'specs/harness/cli/on-versions.spec.ts verifies on several versions',
  },
  'docs/schema-diff.md': { '': 'specs/harness/operations/drift-page.spec.ts runs each, and compares what it prints' },
  'docs/schema-types.md': {
    'npx godwit schema types db/migrations': 'specs/harness/operations/drift-page.spec.ts runs it, and compares what it prints',
    '': 'it installs something, or compiles an application of the reader; specs/harness/operations/schema-types.spec.ts compiles one',
  },
  'docs/split-a-column.md': { '': 'specs/harness/operations/compat-page.spec.ts runs each, and compares what it prints' },
  'docs/stock-batches.md': { '': 'specs/stock-batches/guide.spec.ts' },
  'docs/table-items.md': { '': 'specs/table-items.spec.ts' },
  'docs/usage.md': { '': 'specs/harness/operations/usage-page.spec.ts runs each, and compares what it prints' },
  'docs/when-may-the-view-go.md': { '': 'specs/harness/operations/removal-page.spec.ts runs each, and compares what it prints' },
}
