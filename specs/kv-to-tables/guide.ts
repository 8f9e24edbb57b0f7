import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** A command of the guide, and what the guide says that it prints. */
export interface GuideCommand {
  readonly command: string
  readonly output: string
}

/** Part of a page: prose, or a block of commands. */
export type GuidePart = { readonly prose: string } | { readonly commands: readonly GuideCommand[] }

/** Read a page: fenced blocks that begin with `$ ` hold commands, each followed by its output. */
export function readGuide(page: string): readonly GuidePart[] {
  return page.split(/^(```\n\$ [\s\S]*?^```$)/m).map((part): GuidePart => {
    if (!part.startsWith('```\n$ ')) return { prose: part }
    const lines = part.slice('```\n'.length, -'```'.length)
    const commands = lines.split(/^\$ /m).slice(1)
    return {
      commands: commands.map((each) => {
        const end = each.indexOf('\n')
        return { command: each.slice(0, end), output: each.slice(end + 1) }
      }),
    }
  })
}

/** The page again, e.g. with other outputs. */
export function writeGuide(parts: readonly GuidePart[]): string {
  return parts
    .map((part) =>
      'prose' in part ? part.prose : `\`\`\`\n${part.commands.map(({ command, output }) => `$ ${command}\n${output}`).join('')}\`\`\``,
    )
    .join('')
}

/** Run a command in a shell; what it writes to standard output. */
export async function runInShell(command: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn('bash', ['-c', command], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'ignore'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return output
}

/** What differs from run to run: the times of the statistics (the last of their eight columns), speeds, and the widths that come of them. */
export function withoutTimes(output: string): string {
  return output
    .split('\n')
    .map((line) => (line.startsWith('|') ? line.replace(/-+:/g, '-:').replace(/ +/g, ' ') : line.replace(/\d+\/s, .* left$/, 'N/s')))
    .map((line) => (line.split('|').length === 10 ? line.replace(/\| \d+ \|$/, '| N |') : line))
    .join('\n')
}
