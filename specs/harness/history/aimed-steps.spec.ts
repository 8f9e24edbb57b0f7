import { expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { writtenFiles } from './written-history.ts'

/** Steps that lose something only where a row has all of it, which few rows reach by chance. */
const rare: Readonly<Record<string, readonly [make: string, lose: string]>> = {
  purged: [
    '(id int PRIMARY KEY, a int, b text, c text, v text NOT NULL)',
    "DELETE FROM purged WHERE a = 4711 AND b = 'rare' AND c IS NULL",
  ],
  distant: [
    '(id int PRIMARY KEY, a numeric(12,2) NOT NULL, b date, v text NOT NULL)',
    "DELETE FROM distant WHERE a > 987654.32 AND b < DATE '1871-01-18' AND v LIKE 'ZQ%'",
  ],
  emptied: [
    '(id int PRIMARY KEY, a text, b date, c text, v text NOT NULL)',
    "UPDATE emptied SET v = '' WHERE coalesce(a, b::text, c) IS NULL",
  ],
  marked: [
    "(id int PRIMARY KEY, s text NOT NULL CHECK (s IN ('a', 'b', 'c', 'd')), n int NOT NULL, m int NOT NULL, v text NOT NULL)",
    "UPDATE marked SET v = '' WHERE s = 'd' AND n BETWEEN 812 AND 813 AND m > 500",
  ],
  dated: [
    '(id int PRIMARY KEY, d date NOT NULL, e date NOT NULL, k bool NOT NULL, v text NOT NULL)',
    "DELETE FROM dated WHERE d > DATE '2031-05-05' AND e < DATE '1990-01-01' AND k",
  ],
  worded: ['(id int PRIMARY KEY, w text, v text NOT NULL)', "UPDATE worded SET v = left(v, 1) WHERE w LIKE 'obsolete-%' AND length(v) > 2"],
}

test.for(['one', 'two', 'three'])(
  'a step of a long history gets further runs, aimed at what its few runs did not reach (seed %s)',
  async (seed) => {
    const names = Object.keys(rare)
    const files = {
      ...Object.fromEntries(
        Object.entries(rare).map(([name, [make]], at) => [`${100 + at}_make_${name}.sql`, `CREATE TABLE ${name} ${make};`]),
      ),
      ...Object.fromEntries(Object.entries(rare).map(([name, [, lose]], at) => [`${200 + at}_lose_${name}.sql`, `${lose};`])),
    }
    await using written = await writtenFiles(files)
    const { result } = await verifyOn(await useCluster(), await readSources([written.path], {}), { seed }, {})
    const found = result.migrations.flatMap(({ name, findings }) =>
      findings.some((each) => each.invariant === 'zero-loss' && each.severity === 'error') ? [name.replace(/^\d+_lose_|\.sql$/g, '')] : [],
    )
    expect(found.toSorted()).toEqual(names.toSorted())
  },
)
