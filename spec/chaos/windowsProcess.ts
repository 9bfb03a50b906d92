/**
 * The windows job as a child process, which kills itself with SIGKILL when it meets a crash point for the `occurrence`-th time.
 * Settings come as JSON in JOB. Ends when all is written.
 */
import { concatMap, delay, of } from 'rxjs'
import { CheckpointCoordinator } from '../../lib/checkpoint/CheckpointCoordinator.js'
import { FileCheckpointStore } from '../../lib/checkpoint/store/FileCheckpointStore.js'
import { EventTimeSessionWindows } from '../../lib/keyed/windows/EventTimeSessionWindows.js'
import type { StreamElement } from '../../lib/stream/StreamElement.js'
import { type CrashPoint, watchedStore } from './crashPoints.js'
import { windowsJob } from './windowsJob.js'

export interface WindowsProcessSettings {
  readonly bootstrapServers: string
  readonly directory: string
  readonly gap: number
  readonly crash?: { readonly point: CrashPoint; readonly occurrence: number }
}

const settings = JSON.parse(process.env['JOB'] ?? '{}') as WindowsProcessSettings
const { bootstrapServers, directory, gap, crash } = settings
let met = 0

const at = (point: CrashPoint): void => {
  if (crash?.point === point && ++met === crash.occurrence) process.kill(process.pid, 'SIGKILL')
}

const checkpoints = CheckpointCoordinator.create({
  interval: 30,
  store: watchedStore(new FileCheckpointStore(directory), at),
})

/** So that a run takes seconds, and many checkpoints, on the fastest machine. */
const paced = concatMap((element: StreamElement<string>) =>
  element.kind === 'batchEnd' ? of(element).pipe(delay(2)) : of(element),
)

windowsJob(EventTimeSessionWindows.withGap(gap), checkpoints, {}, bootstrapServers, paced).subscribe({
  next: ({ kind }) => {
    if (kind === 'prepared') at('prepared')
  },
  error: (error: Error) => {
    console.error(error)
    process.exit(1)
  },
})
