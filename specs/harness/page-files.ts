import { readFile } from 'node:fs/promises'

const pageOf = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

/** The files of a page's example: each block of code names its file in a comment on its first line. */
export async function pageFiles(name: string): Promise<Readonly<Record<string, string>>> {
  const blocks = [...(await pageOf(name)).matchAll(/^```(?:ts|sql|yaml)\n((?:\/\/|--|#) (\S+)\n[\s\S]*?)^```$/gm)]
  return Object.fromEntries(blocks.map(([, text = '', file = '']) => [file, text]))
}

/** The first output of a command that a page shows. */
export async function pageOutput(name: string): Promise<string> {
  return (await pageOf(name)).match(/^```text\n([\s\S]*?)^```$/m)?.[1] ?? ''
}

/** What differs between two runs of one command: how long it took, and the release of the server. */
export function timeless(output: string): string {
  return output.replaceAll(/PostgreSQL \d+\.\d+, [\d.]+ (?:ms|s)/g, 'PostgreSQL N, T')
}
