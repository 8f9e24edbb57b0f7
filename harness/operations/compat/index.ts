export { generatedText } from './describe.ts'
export { type GeneratedCompat, type GenerateRequest, generateCompat } from './generate.ts'
export type { CompatMapping } from './mapping.ts'
