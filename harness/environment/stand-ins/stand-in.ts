/** SQL that does as an extension would, as far as a migration's schema goes; run by the superuser in the place of CREATE EXTENSION. */
export interface StandIn {
  /** A schema that the extension always makes, whatever schema was asked for. */
  readonly ownSchema?: string
  /** Contrib extensions that the SQL uses. */
  readonly requires?: readonly string[]
  /** What it cannot do, as the end of a sentence: "…, which …". */
  readonly cannot: string
  /** Access methods whose storage options are left out. */
  readonly accessMethods?: readonly string[]
  /** Runs with `search_path` at the wanted schema (already there) and then `public`. */
  readonly sql: string
}
