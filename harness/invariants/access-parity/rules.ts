import type { Rule } from '../../result/index.ts'

export const rules = {
  gained: {
    severity: 'error',
    title: 'a role can do more than before',
    meaning:
      'After the migration a role has a right, or reaches rows, that it did not have before, and no statement of the migration grants it. Common causes: a table rebuilt without its policies, a copy without row security, a view that reads with the rights of its owner, row security switched off, a policy that shows every row, default privileges.',
    remedy:
      'Revoke the right, or give the new table or view the same row security (for a view: WITH (security_invoker = true)). If the change is wanted, write the GRANT in the migration.',
  },
  lost: {
    severity: 'error',
    title: 'a role can do less than before',
    meaning:
      'After the migration a role lacks a right, or does not reach rows, that it had before, and no statement of the migration revokes it. A table, view or function that is created anew has only the default grants.',
    remedy:
      'Repeat the grants and policies on the new table, view or function. If the change is wanted, write the REVOKE in the migration.',
  },
  bypass: {
    severity: 'warning',
    title: 'a view shows rows that row security hides',
    meaning: 'A new view reads a table with row security with the rights of its owner, for whom the policies do not hold.',
    remedy: 'Create the view WITH (security_invoker = true), unless it is meant to show all rows.',
  },
  'search-path': {
    severity: 'warning',
    title: 'a SECURITY DEFINER function uses the search path of its caller',
    meaning:
      'A function that runs with the rights of its owner does not set search_path: a caller decides which tables and functions its names mean.',
    remedy: "Add SET search_path = '' to the function and write names in it with their schema.",
  },
} as const satisfies Readonly<Record<string, Rule>>
