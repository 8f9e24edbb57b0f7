import type { InitFlags } from './program.ts'

export async function initCommand(_path: string | undefined, _flags: InitFlags): Promise<void> {}
