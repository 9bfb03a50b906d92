import { Countdown } from '../../scheduling/Countdown.js'
import type { ResolvedCheckpointConfig } from '../CheckpointConfig.js'
import { RETRY_PAUSE, type TriggerSituation } from './mayStartCheckpoint.js'

/** What the next checkpoint waits for. */
export class CheckpointPauses {
  private readonly interval: Countdown
  private readonly minPause: Countdown
  private readonly retryPause: Countdown

  constructor(
    private readonly config: Pick<ResolvedCheckpointConfig, 'interval' | 'minPause' | 'scheduler'>,
    /** One of them is over. */
    onOver: () => void,
  ) {
    const countdown = () => new Countdown(config.scheduler, onOver)
    this.interval = countdown()
    this.minPause = countdown()
    this.retryPause = countdown()
  }

  get situation(): Pick<TriggerSituation, 'intervalOver' | 'minPauseOver' | 'retryPauseOver'> {
    const { interval, minPause, retryPause } = this
    return { intervalOver: interval.over, minPauseOver: minPause.over, retryPauseOver: retryPause.over }
  }

  started(): void {
    this.interval.start(this.config.interval)
  }

  ended(): void {
    this.minPause.start(this.config.minPause)
    this.retryLater()
  }

  retryLater(): void {
    this.retryPause.start(RETRY_PAUSE)
  }

  stop(): void {
    for (const countdown of [this.interval, this.minPause, this.retryPause]) countdown.stop()
  }
}
