/** Texts by key, which several runs on several machines may read and write at a time. */
export interface VerdictStore {
  /** Undefined where there is none. */
  readonly read: (key: string) => Promise<string | undefined>
  /** A reader sees the whole text or none of it. */
  readonly write: (key: string, text: string) => Promise<void>
}
