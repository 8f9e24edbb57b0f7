import { compileLess } from './compile-less.ts'
import { runCommand } from './run-command.ts'

compileLess()

// `godwit … | head` closes our output early; the verdict still counts.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

process.exitCode = await runCommand(process.argv.slice(2))
