import type { Phase } from '../run/index.ts'
import type { Shown } from './shown.ts'

export type Severity = 'error' | 'warning' | 'info'

/** What a kind of finding means and how it is mended, for readers who meet it in a list of alerts. */
export interface Rule {
  /** Gravest severity that it is usually found with. */
  readonly severity: Severity
  readonly title: string
  readonly meaning: string
  readonly remedy: string
}

/** One violation, before it has an id and a counterexample file (those are `verify/`'s to give). */
/** A foreign key whose ON DELETE action took rows along, or emptied cells. */
export interface Through {
  readonly key: string
  /** The relation that it refers to, of which rows are lost. */
  readonly of: string
  readonly action: 'CASCADE' | 'SET NULL' | 'SET DEFAULT'
}

export interface Finding {
  readonly invariant: string
  /** One of the kinds that the invariant documents. */
  readonly kind: string
  readonly severity: Severity
  readonly known: 'observed' | 'inferred' | 'static'
  /** Path of the legacy relation. */
  readonly relation?: string | undefined
  readonly attribute?: string | undefined
  /** What else than a relation or attribute it is about: an index, a policy, a sequence. */
  readonly object?: string | undefined
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly message: string
  /** Plain JSON, for readers only: nothing is decided by it. */
  readonly evidence: Readonly<Record<string, unknown>>
  readonly hint?: string | undefined
  /** The phases that a run needs to show it; default those that the invariant asks for. */
  readonly shownBy?: readonly Phase[] | undefined
  /** The severity that it has where `down` does not bring the cells back; set where it does in this run. */
  readonly acquittedFrom?: Severity | undefined
  /** The key by whose action all of it came about: it follows from another loss. */
  readonly through?: Through | undefined
  /** Of a statement that the server refuses: the constraint that it breaks. */
  readonly refusedBy?: string | undefined
  /** How cells were altered: one of the alterations that `gravity.ts` orders. */
  readonly alteration?: string | undefined
  /** Of a failure: what the server said, and of which statement. */
  readonly sqlstate?: string | undefined
  readonly statement?: string | undefined
  /** Whether it comes from a value that was written on purpose after `up`, so that its attribute is certain. */
  readonly writtenOnPurpose?: boolean | undefined
  /** Whether statements that were sent show it; what the catalogs show is so on any rung. */
  readonly byStatements?: boolean | undefined
  /** Settings of the session that shows it, where it takes a session other than the usual one. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Whether it was seen on a clone, and its rows and statements shrunk there. */
  readonly seenOnClone?: boolean | undefined
  /** What shows it once more, beside the phases of its run. */
  readonly shown?: Shown | undefined
}

/**
 * The message as results show it: what it says of a loss depends on whether `down` brings the cells back in every run, and it names the
 * settings of the session that it takes.
 */
export function messageOf(finding: Finding): string {
  const { message: text, severity, acquittedFrom, settings = {} } = finding
  const session = Object.entries(settings).map(([name, value]) => `${name} '${value}'`)
  const message = session.length === 0 ? text : `${text}, in a session with ${session.join(' and ')}`
  if (acquittedFrom === undefined) return message
  return severity === 'info' ? `${message}; down brings it back` : `${message}; down brings it back here, and not everywhere`
}
