import type { Rule } from '../../result/index.ts'

export const rules = {
  'row-lost': {
    severity: 'error',
    title: 'rows are lost',
    meaning: 'Legal rows are nowhere to be found after the migration, and down does not bring them back.',
    remedy: 'Copy the rows before they are removed, bring them back in down, or declare the discard with a reason.',
  },
  'row-doubled': {
    severity: 'error',
    title: 'rows are doubled',
    meaning: 'A legal row is there more than once after the migration, most often by a join that fans out.',
    remedy: 'Join on a key, or remove the copies.',
  },
  'cell-lost': {
    severity: 'error',
    title: 'cells are lost',
    meaning:
      'The cells of an attribute are nowhere to be found after the migration, and down does not bring them back; or they are not where the contract says that they are.',
    remedy:
      'Copy the attribute before it is dropped, bring it back in down, correct the mapping in the contract, or declare the discard with a reason.',
  },
  'cell-altered': {
    severity: 'error',
    title: 'cells are altered',
    meaning:
      'Cells arrive, but changed in a way that cannot be undone: truncated, rounded, trimmed, nulled, overwritten, merged; the evidence says how. Or other values stand where the contract says that they are.',
    remedy: 'Use a type and a conversion that keep the values, restore them in down, or declare the alteration with a reason.',
  },
  'copy-incomplete': {
    severity: 'warning',
    title: 'a copy leaves rows out',
    meaning:
      'A new table takes over the columns of an old one, and not all of its rows. Nothing is lost as long as the old table stays; what reads the new one misses rows.',
    remedy: 'Copy every row, or declare which ones are left out on purpose.',
  },
} as const satisfies Readonly<Record<string, Rule>>
