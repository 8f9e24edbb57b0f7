import type { Rule } from '../../result/index.ts'

export const rules = {
  gained: {
    severity: 'error',
    title: 'a role may do more than before',
    meaning:
      'After the migration a role has a right, or reaches rows, that it did not, and no statement of the migration says so: a table rebuilt without its policies, a copy that row security does not guard, a view that reads as its owner, row security switched off, a policy that shows every row, default privileges.',
    remedy:
      'Revoke it, put the same row security where the rows are now (a view: WITH (security_invoker = true)), or write the GRANT down.',
  },
  lost: {
    severity: 'error',
    title: 'a role may do less than before',
    meaning:
      'After the migration a role lacks a right, or does not reach rows, that it had, and no statement of the migration says so: what is made anew has no grants but the default ones.',
    remedy: 'Grant again, and make the policies again, where the rows are now; or write the REVOKE down.',
  },
  bypass: {
    severity: 'warning',
    title: 'a view reads past row security',
    meaning: 'A new view shows rows of a table with row security with the rights of its owner, whom the policies do not hold.',
    remedy: 'Make it WITH (security_invoker = true), unless it is meant to show what row security hides.',
  },
  'search-path': {
    severity: 'warning',
    title: 'a SECURITY DEFINER function trusts the search path of who calls it',
    meaning: 'A function that runs with the rights of its owner does not set search_path: whoever calls it chooses what its names mean.',
    remedy: "Add SET search_path = '' to it and qualify its names.",
  },
} as const satisfies Readonly<Record<string, Rule>>
