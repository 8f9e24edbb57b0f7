/** Something that the harness did not keep. */
export interface Fault {
  /** `npm run fire -- <kind> --seed <seed> --times 1` shows it again. */
  readonly seed: number
  /** What was done, with the command. */
  readonly done: string
  readonly wrong: string
}

export interface Campaign {
  readonly times: number
  readonly seed: number
  /** Told after each of the `times`. */
  readonly onDone?: (done: number, faults: readonly Fault[]) => void
}

/** Do something so many times, each with a seed of its own, one more than the one before. */
export async function repeat({ times, seed, onDone }: Campaign, once: (seed: number) => Promise<readonly Fault[]>): Promise<Fault[]> {
  const faults: Fault[] = []
  for (let done = 0; done < times; done += 1) {
    faults.push(...(await once(seed + done)))
    onDone?.(done + 1, faults)
  }
  return faults
}
