/**
 * A process of its own, with Node's own answer to what nothing catches: copies the topic `in` to `out` with a `retry`, and ends
 * with the errors it met on the way as JSON. `tsx copyProcess.ts <address>`
 */
import { lastValueFrom, retry, tap, timer } from 'rxjs'
import { copyJob } from './copyJob.js'

const [address = ''] = process.argv.slice(2)
const errors: string[] = []
const job$ = copyJob(address).pipe(
  tap({ error: (error) => errors.push(String(error)) }),
  retry({ count: 5, delay: () => timer(1) }),
)
void lastValueFrom(job$, { defaultValue: undefined }).then(() => console.log(JSON.stringify(errors)))
