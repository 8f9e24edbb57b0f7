/** What shows a finding once more: to a reader of its counterexample, and to a replay. No part of the result. */
export interface Shown {
  /** What clients send to see it. */
  readonly clients?: ShownToClients | undefined
  /** Statements on a table and on the view in its place. */
  readonly sequence?: ShownSequence | undefined
  /** What clients do while `up` runs. */
  readonly interleaving?: ShownInterleaving | undefined
  /** Paths of other relations that show it beside its own: where cells went, what a row refers to. */
  readonly beside?: readonly string[] | undefined
  /** Name of the measure that differs. */
  readonly measure?: string | undefined
  /** Name of the metric that does not keep its rule. */
  readonly metric?: string | undefined
}

/** `up` beside the write of a client, statement by statement. */
export interface ShownInterleaving {
  readonly write: ShownWrite
  /** Whether the transaction of the write stays open over statements of `up`. */
  readonly open: boolean
  /** In the order in which they were sent: `client: INSERT …`. */
  readonly statements: readonly string[]
  /** The rows that were there before. */
  readonly rowsSql: string
}

/** A write of a client. */
export interface ShownWrite {
  /** e.g. `insert into public.notes`. */
  readonly name: string
  readonly sql: string
  readonly relation?: string | undefined
  readonly operation: 'insert' | 'update' | 'delete' | 'statement'
}

/** The statements that tell the legacy database from the migrated one. */
export interface ShownToClients {
  /** Empty where the catalog alone tells. */
  readonly before: readonly ShownStatement[]
  readonly after: readonly ShownStatement[]
  /** Whether it takes rows. */
  readonly rows: boolean
  /** Those rows, where they are of more relations than a migration's runs fill. */
  readonly rowsSql?: string | undefined
  /** Path of what clients meet after `up`, where it is not the relation itself. */
  readonly through?: string | undefined
}

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

/** Statements in their order, each with the parts that it is sent in. */
export interface ShownSequence {
  readonly statements: readonly { readonly form: string; readonly parts: readonly string[]; readonly copyData?: string | undefined }[]
  /** Attributes that are left out of the comparison. */
  readonly ignored: readonly string[]
}
