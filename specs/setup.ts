import { configureGlobal } from 'fast-check'

// The same commit gives the same verdict, so the gate draws the same cases each time; GODWIT_SEED takes another seed, `random` a new one.
const wanted = process.env.GODWIT_SEED ?? '20261121'
configureGlobal({ seed: wanted === 'random' ? Date.now() % 0x7fff_ffff : Number(wanted) })
