import { dbmate } from './dbmate.ts'
import { diesel } from './diesel.ts'
import { drizzle } from './drizzle.ts'
import { flyway } from './flyway.ts'
import type { Format } from './format.ts'
import { golangMigrate } from './golang-migrate.ts'
import { goose } from './goose.ts'
import { graphileMigrate } from './graphile-migrate.ts'
import { nodePgMigrate } from './node-pg-migrate.ts'
import { plainSql } from './plain-sql.ts'
import { prisma } from './prisma.ts'
import { sqitch } from './sqitch.ts'
import { supabase } from './supabase.ts'

/** The formats in the order in which their markers decide; among markers of one strength the first wins. */
export const formats: readonly Format[] = [
  prisma,
  drizzle,
  sqitch,
  goose,
  dbmate,
  graphileMigrate,
  golangMigrate,
  flyway,
  supabase,
  nodePgMigrate,
  diesel,
  plainSql,
]
