/** A statement that a client sends, and that is undone at once: how a counterexample shows what a client sees. */
export interface ShownStatement {
  readonly sql: string
  /** What reads what the statement left behind, before it is undone. */
  readonly readBack?: string | undefined
  /** Who sends it, where it matters. */
  readonly as?: ShownSender | undefined
}

export interface ShownSender {
  /** Undefined for a role that nobody gave anything. */
  readonly role: string | undefined
  readonly settings: Readonly<Record<string, string>>
}

/** The statements that tell the legacy database from the migrated one. */
export interface Shown {
  /** Empty where the catalog alone tells. */
  readonly before: readonly ShownStatement[]
  readonly after: readonly ShownStatement[]
  /** Whether it takes rows. */
  readonly rows: boolean
  /** Those rows, where they are of more relations than a migration's runs fill. */
  readonly rowsSql?: string | undefined
}
