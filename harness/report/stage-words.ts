/** Stages by their names in results, in words. */
const words: Readonly<Record<string, string>> = {
  read: 'read the files',
  cluster: 'start the server',
  connect: 'connect',
  legacy: 'make the old schema',
  prepare: 'read the schema and plan rows',
  empty: 'run without rows',
  counts: 'look for numbers that say how often something is repeated',
  band: 'run on rows with unique values',
  determinism: 'run again on the same rows',
  edge: 'run on generated data sets',
  repetitions: 'run twice',
  faults: 'break off at each statement',
  clients: 'send what old clients send',
  shrink: 'find the smallest counterexamples',
}

/** What is done in a stage, e.g. `break off at each statement`; a stage that is named in words already stays as it is. */
export function stageWords(stage: string): string {
  return Object.hasOwn(words, stage) ? (words[stage] ?? stage) : stage
}

const isolations = {
  transaction: 'a transaction that is rolled back',
  clone: 'a database of its own for each run',
  cluster: 'a server of its own for each run',
} as const

/** What keeps the runs of a migration apart, and why no less is enough. */
export function isolationWords({ rung, rungBecause }: { readonly rung: keyof typeof isolations; readonly rungBecause: string }): string {
  return rungBecause === '' ? isolations[rung] : `${isolations[rung]} (${rungBecause})`
}
