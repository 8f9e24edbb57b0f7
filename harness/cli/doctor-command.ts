import type { CommandContext } from './program.ts'

export async function doctorCommand(_context: CommandContext): Promise<void> {}
