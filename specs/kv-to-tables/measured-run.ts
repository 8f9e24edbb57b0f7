import { timedRun } from './bench-database.ts'

// A run in a process of its own, whose peak memory is that of the run: started by `soak.ts`.
const { ms, result } = await timedRun(process.env.DATABASE_URL ?? '')
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
process.stdout.write(JSON.stringify({ ms, peakMegabytes: maxRSS / 1024, cpuMs: (userCPUTime + systemCPUTime) / 1000, total: result.total }))
