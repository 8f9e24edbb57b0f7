import { code, type Markdown } from './markdown-text.ts'

/** The anchor of a finding in the report of its migration. */
export function findingAnchor(id: string): string {
  return `finding-${id.replace(/[^\w-]/g, '-')}`
}

/** A link to a finding within the report of its migration. */
export function findingLink(id: string): Markdown {
  return `[The finding](#${findingAnchor(id)})`
}

/** Counterexamples lie in a folder beside the report, so a link goes from there. */
export function counterexampleLink(path: string): Markdown {
  const file = /\/(counterexamples\/[\w.-]+)$/.exec(path)?.[1]
  return file === undefined ? code(path, 1_000) : `[${code(path, 1_000)}](${file})`
}
