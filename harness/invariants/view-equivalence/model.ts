/** What one side answered to one statement of a client. */
export interface Answer {
  readonly error: AnswerError | undefined
  /** Of each part of the statement; empty when it failed. */
  readonly results: readonly AnswerResult[]
  /** What the database holds afterwards, by relation path. */
  readonly contents: Contents
}

export interface AnswerError {
  readonly sqlstate: string
  readonly message: string
  readonly constraint: string | undefined
}

export interface AnswerResult {
  /** `INSERT`, `SELECT`, … */
  readonly command: string
  readonly rowCount: number | null
  readonly fields: readonly { readonly name: string; readonly typeOid: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export type Contents = ReadonlyMap<string, AnswerTable>

export interface AnswerTable {
  readonly attributes: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** What one side answered to a sequence of statements. */
export interface History {
  readonly initial: Contents
  readonly answers: readonly Answer[]
}

/** The first point at which the view was told from the table. */
export interface Divergence {
  readonly kind: 'sqlstate' | 'constraint' | 'columns' | 'row-count' | 'rows' | 'contents'
  /** The attribute, where only one differs. */
  readonly attribute: string | undefined
  /** Another relation whose rows differ. */
  readonly other: string | undefined
  /** What each side answered, in words. */
  readonly legacy: string
  readonly view: string
  /** SQLSTATE of each side; undefined where it gave none. */
  readonly sqlstates: readonly [string | undefined, string | undefined]
  /** The constraint that the table's error names. */
  readonly constraint: string | undefined
}

/** A divergence with the shortest statements that show it. */
export interface ShownDivergence {
  readonly divergence: Divergence
  readonly statements: readonly { readonly form: string; readonly parts: readonly string[]; readonly copyData?: string | undefined }[]
  /** Position of the statement whose answers differ; −1 where the rows differ before any, their number for COMMIT. */
  readonly at: number
  /** In how many sequences it was met. */
  readonly times: number
  /** Attributes that were left out of the comparison, as they are known to differ. */
  readonly ignored: readonly string[]
}

/** Something that works on a table and that PostgreSQL does not do on this view. */
export interface ViewLimit {
  readonly what: string
  readonly sqlstate: string
  readonly remedy: string
  /** Whether another kind of view could do it. */
  readonly avoidable: boolean
  /** What the table carries out and the view does not. */
  readonly sql?: string | undefined
}

/** What was seen of one relation that was a table and is a view now. */
export interface EquivalenceObservation {
  /** Its path, before and after. */
  readonly relation: string
  readonly sequences: number
  readonly statements: number
  /** Statements that the table carried out. */
  readonly succeeded: number
  /** Writes among them that changed rows. */
  readonly changes: number
  readonly rows: number
  readonly cells: number
  /** Sequences in which the table answers otherwise each time. */
  readonly undetermined: number
  readonly divergences: readonly ShownDivergence[]
  readonly limits: readonly ViewLimit[]
  /** Why nothing was compared; undefined where something was. */
  readonly because: string | undefined
}
