import { InputError } from '../errors.ts'

/** The database that a command was told; an empty variable counts as not set, as CI leaves one that nobody gave. */
export function urlOf({ url }: { readonly url?: string }): string {
  if (url !== undefined && url !== '') return url
  throw new InputError('no database is named', {
    hint: 'Name it with --url, or in the variable GODWIT_URL, which no list of processes shows.',
  })
}
