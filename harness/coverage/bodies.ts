import { bodyOf, type Fields } from '../migration/index.ts'
import type { Reader } from './reader.ts'

/** The body of DO or of a function that a script makes: what it decides is named, and not measured. */
export function readBody(reader: Reader, fields: Fields): void {
  const body = bodyOf(reader.text.tree)
  if (body !== undefined) reader.leaveOut('body', fields, `a body of ${body.language} is not measured`)
}
