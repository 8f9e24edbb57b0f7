/**
 * Give SQL functions bodies that are parsed when they are made, so that they work under any search path (the harness reads with an empty one).
 *
 * @param sql  No function in it is polymorphic.
 */
export function atomic(sql: string): string {
  return sql.replace(/LANGUAGE sql([A-Z ]*) AS (?:\$body\$([\s\S]*?)\$body\$|'((?:[^']|'')*)');/g, (_all, options, dollar, quoted) => {
    const body = dollar ?? quoted?.replaceAll("''", "'") ?? ''
    return `LANGUAGE sql${options} BEGIN ATOMIC ${body}; END;`
  })
}
