export { type ComparedNames, type CompareNamesOptions, compareNames } from './compare-names.ts'
export { comparedText } from './describe.ts'
