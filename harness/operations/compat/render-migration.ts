import { pathOf } from '../../postgres/index.ts'
import type { Texts } from './files.ts'
import type { TablePlan } from './model.ts'
import { contractOf, renderContract } from './render-contract.ts'
import { renderDown } from './render-down.ts'
import { renderUp } from './render-up.ts'

/** A reader that stays in its transaction would hold the migration up, and everybody who comes later with it. */
const timeout = `-- Rather give up, and try again, than wait behind a long transaction with everybody else behind it.
SET LOCAL lock_timeout = '1s';`

/** The texts of a migration that moves tables behind views, and back. */
export function renderMigration(plans: readonly TablePlan[]): Texts {
  return {
    up: text(plans.flatMap((plan) => [`-- ${moved(plan)} A view with the old name goes on working.`, ...renderUp(plan)])),
    down: text(
      plans
        .toReversed()
        .flatMap((plan) => [`-- ${pathOf(plan.legacy)} has its name and shape back, with every row written since.`, ...renderDown(plan)]),
    ),
    contract: renderContract(contractOf(plans)),
  }
}

function moved({ legacy, to, triggers }: TablePlan): string {
  return `The rows of ${pathOf(legacy)} live in ${pathOf(to)}.${triggers ? ' Some columns became other ones.' : ''}`
}

function text(parts: readonly string[]): string {
  return `${[timeout, ...parts]
    .map((part) => `${part}\n`)
    .join('\n')
    .replaceAll(/^(-- .*\n)\n(?!--)/gm, '$1')
    .replaceAll(/^(ALTER|COMMENT|DROP)([^\n]*;\n)\n(?=(ALTER|COMMENT|DROP)[^\n]*;\n)/gm, '$1$2')}`
}
