import type { output } from 'zod'
import type { DeepReadonly } from '../migration/index.ts'
import type { FlagValue, OptionRow } from './option-row.ts'
import type { OptionName, OptionRows } from './rows.ts'

/** The names of options that a configuration has for all together, or for each project. */
export type NamesOf<Of extends 'project' | 'all'> = {
  [Name in OptionName]: OptionRows[Name] extends { readonly of: Of } ? Name : never
}[OptionName]

/** What a configuration says for an option. */
type ConfigValue<Name extends OptionName> = OptionRows[Name] extends { readonly schema: (kit: never) => infer Schema }
  ? DeepReadonly<output<Schema>>
  : never

/** What a configuration may say for all together, or for each project. */
export type OptionsOf<Of extends 'project' | 'all'> = {
  readonly [Name in NamesOf<Of>]?: ConfigValue<Name> | undefined
}

/** The names in `VerifyOptions` of the options that are among them. */
export type PassedName = {
  [Name in OptionName]: OptionRows[Name] extends { readonly passedAs: infer Passed extends string } ? Passed : never
}[OptionName]

type Camel<Text extends string> = Text extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Text
type AttributeOf<Flag> = Flag extends `--${infer Long} <${string}>` ? Camel<Long> : Flag extends `--${infer Long}` ? Camel<Long> : never

interface FlagValues {
  readonly text: string
  readonly count: number
  readonly duration: string
  readonly list: readonly string[]
}

type FlagValueOf<Row extends OptionRow> = Row extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Row extends { readonly takes: infer Takes extends keyof FlagValues & FlagValue }
    ? FlagValues[Takes]
    : true

/** What commander makes of the flags. */
export type Flags = {
  readonly [Name in OptionName as OptionRows[Name] extends { readonly flag: infer Flag } ? AttributeOf<Flag> : never]?:
    | FlagValueOf<OptionRows[Name]>
    | (OptionRows[Name] extends { readonly not: string } ? false : never)
}
