import type { Contract } from '../../migration/index.ts'
import { pathOf } from '../../postgres/index.ts'
import type { TablePlan } from './model.ts'
import { qualified } from './names.ts'

/** What the generated migration promises: a later `godwit verify` says of each claim whether it holds. */
export function contractOf(plans: readonly TablePlan[]): Contract {
  return {
    claims: [
      {
        id: 'COMPAT-1',
        text: 'Statements through the old names answer as they did on the tables.',
        restsOn: [{ invariant: 'view-equivalence' }],
      },
      { id: 'COMPAT-2', text: 'Who could read or write which rows still can, and nobody else.', restsOn: [{ invariant: 'access-parity' }] },
      {
        id: 'COMPAT-3',
        text: 'No value is lost, and the way back restores every one.',
        restsOn: [{ invariant: 'zero-loss' }, { invariant: 'rollback-restores-state' }],
      },
    ],
    measures: plans.map(({ legacy, to }) => ({
      name: `rows of ${pathOf(legacy)}`,
      before: `SELECT count(*) FROM ${qualified(legacy)}`,
      after: `SELECT count(*) FROM ${qualified(to)}`,
    })),
  }
}

/** The text of `contract.ts`. */
export function renderContract(contract: Contract): string {
  return `import { defineContract } from 'godwit'\n\nexport default defineContract(${JSON.stringify(contract, null, 2)})\n`
}
