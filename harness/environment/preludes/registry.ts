import type { Prelude } from './prelude.ts'
import { supabase } from './supabase/supabase.ts'

/** Built-in preludes by the name that `--prelude` takes. */
export const preludes: ReadonlyMap<string, Prelude> = new Map([supabase].map((each) => [each.name, each]))
