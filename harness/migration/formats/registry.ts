import type { Format } from './format.ts'
import { golangMigrate } from './golang-migrate.ts'
import { plainSql } from './plain-sql.ts'
import { prisma } from './prisma.ts'
import { supabase } from './supabase.ts'

/** The formats by the strength of their markers, the strongest first: a folder is in the first whose marker it carries. */
export const formats: readonly Format[] = [prisma, golangMigrate, supabase, plainSql]
