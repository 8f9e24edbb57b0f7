/** What a project uses to reach its database, by the packages that it depends on. */
export interface Libraries {
  readonly kysely: boolean
  readonly knex: boolean
  readonly supabase: boolean
  readonly drizzle: boolean
  /** One that takes the name of a table from a property `tableName`. */
  readonly tableNames: boolean
  readonly typeorm: boolean
}

export function librariesOf(packages: Iterable<string>): Libraries {
  const all = [...packages]
  const has = (pattern: RegExp) => all.some((name) => pattern.test(name))
  return {
    kysely: has(/^kysely(-|\/|$)|^prisma-extension-kysely$/),
    knex: has(/^(knex|objection|bookshelf)$/),
    supabase: has(/^@supabase\//),
    drizzle: has(/^drizzle-orm(\/|$)/),
    tableNames: has(/^(objection|bookshelf|sequelize|sequelize-typescript|typeorm|@mikro-orm\/.*)$/),
    typeorm: has(/^typeorm$/),
  }
}
