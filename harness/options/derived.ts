import type { Affects, OptionRow } from './option-row.ts'
import { type OptionName, optionRows } from './rows.ts'
import type { PassedName } from './types.ts'

/** All options with their names, in the order of the help. */
export const allOptions: readonly (readonly [name: OptionName, row: OptionRow])[] = Object.entries(optionRows) as [OptionName, OptionRow][]

/** The name under which commander gives the value of a flag; undefined for an option that has none. */
export function attributeOf({ flag }: OptionRow): string | undefined {
  const long = flag === undefined ? undefined : /^--([a-z-]+)/.exec(flag)?.[1]
  return long?.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** What depends on an option of `VerifyOptions`. */
export const affectsOf: Readonly<Record<PassedName, Affects>> = Object.fromEntries(
  allOptions.flatMap(([, { passedAs, affects }]) => (passedAs === undefined ? [] : [[passedAs, affects]])),
) as Record<PassedName, Affects>
