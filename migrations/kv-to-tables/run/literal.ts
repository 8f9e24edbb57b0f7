import pg from 'pg'

/** A text as an SQL literal, which reads the same whether or not backslashes escape in plain ones. */
export function literal(text: string): string {
  return pg.escapeLiteral(text)
}
