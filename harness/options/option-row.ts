import type { ZodType } from 'zod'
import type { SchemaKit } from './schema-kit.ts'

/** One option, said once: flags, variables, configuration, help, documentation and digests follow from it. */
export interface OptionRow {
  /** As commander writes it: `--runs <n>`. None where only a configuration has it. */
  readonly flag?: `--${string}` | undefined
  /** What the text behind the flag is; a switch where it takes none. */
  readonly takes?: FlagValue | undefined
  /** Of `choice`. */
  readonly choices?: readonly string[] | undefined
  /** What `--no-…` does, where there is one. */
  readonly not?: string | undefined
  /** The variable of the environment that stands for the flag. */
  readonly variable?: `GODWIT_${string}` | undefined
  /** What a configuration may say; without one it knows no such key. */
  readonly schema?: ((kit: SchemaKit) => ZodType) | undefined
  /** Whether each project may say it, or only a configuration as a whole. */
  readonly of?: 'project' | 'all' | undefined
  /** Its name in `VerifyOptions`, where it is one. */
  readonly passedAs?: string | undefined
  /** A sentence for help, schema and documentation, in Markdown without links. */
  readonly description: string
  /** A page of the documentation that says more. */
  readonly page?: string | undefined
  /** What holds without it, in Markdown. */
  readonly default: string
  readonly affects: Affects
}

export type FlagValue = 'text' | 'count' | 'percent' | 'duration' | 'list' | 'choice'

/**
 * What depends on an option: the verdict of a step (then it is part of the digest), which steps are verified, the server (whose version is
 * bound beside the digest), or neither.
 */
export type Affects = 'verdict' | 'selection' | 'server' | 'nothing'
