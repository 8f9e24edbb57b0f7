import { expect } from 'vitest'
import { kindNames } from '../../fixtures/kv/kinds.ts'
import type { RunResult } from '../../migrations/kv-to-tables/run/run-options.ts'

/** What the runs of a property inserted and set aside, kind by kind: a property that hardly moves anything shows nothing. */
export class Filled {
  readonly #seen = new Map<string, { inserted: number; setAside: number }>()

  add({ kinds }: Pick<RunResult, 'kinds'>): void {
    for (const { kind, inserted, setAside } of kinds) {
      const seen = this.#seen.get(kind) ?? { inserted: 0, setAside: 0 }
      this.#seen.set(kind, { inserted: seen.inserted + inserted, setAside: seen.setAside + setAside })
    }
  }

  /** At least 20 inserted and 5 set aside of each kind. */
  expectEnough(property: string): void {
    const shown = kindNames.map((kind) => ({ kind, inserted: 0, setAside: 0, ...this.#seen.get(kind) }))
    process.stdout.write(`${property}: ${shown.map(({ kind, inserted, setAside }) => `${kind} ${inserted}/${setAside}`).join(', ')}\n`)
    expect(
      shown.filter(({ inserted, setAside }) => inserted < 20 || setAside < 5),
      'too little was drawn',
    ).toEqual([])
  }
}
