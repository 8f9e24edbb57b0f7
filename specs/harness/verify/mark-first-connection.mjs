// Loaded by `node --import` before the command: writes to the file GODWIT_BENCH_MARK after how many milliseconds of the process's life
// the server let the first session in. Plain JavaScript, since it comes before what loads TypeScript.
import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'

const file = process.env.GODWIT_BENCH_MARK
const connect = Socket.prototype.connect
/** The first byte of an authentication message; a server that is still starting says E. */
const authentication = 'R'.charCodeAt(0)

if (file !== undefined) {
  Socket.prototype.connect = function (...args) {
    if (JSON.stringify(args).includes('.s.PGSQL.')) {
      this.once('data', (chunk) => {
        if (chunk[0] !== authentication) return
        Socket.prototype.connect = connect
        writeFileSync(file, String(performance.now()))
      })
    }
    return connect.apply(this, args)
  }
}
