import { expect, test } from 'vitest'
import type { History } from '../../../harness/formats/index.ts'
import { selectSteps } from '../../../harness/history/select-steps.ts'

const step = (name: string, foreign?: true): History['steps'][number] => ({
  name,
  version: name,
  path: `/project/${name}`,
  files: [],
  up: { kind: 'opaque', file: name, because: 'nothing runs it here' },
  down: undefined,
  contract: {},
  digest: name,
  batch: undefined,
  ...(foreign === undefined ? {} : { foreign }),
})

const history: History = {
  format: 'django',
  path: '/project',
  root: '/project',
  platform: undefined,
  steps: [step('auth.0001_initial', true), step('0001_initial.py'), step('0002_event.py')],
  ignored: [],
  warnings: [],
  server: undefined,
  downs: 'optional',
}

test('steps that a package brings are left out, unless they are named', async () => {
  expect([...(await selectSteps(history, {}))]).toEqual([1, 2])
  expect([...(await selectSteps(history, { only: ['auth.0001_initial', '0002_event.py'] }))]).toEqual([0, 2])
})
