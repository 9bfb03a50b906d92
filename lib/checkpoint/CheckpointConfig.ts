import { hasMethod } from '../checks/argument.js'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import type { MetricGroup } from '../metrics/MetricGroup.js'
import { noMetrics } from '../metrics/noMetrics.js'
import { CheckpointError } from './CheckpointError.js'
import type { CheckpointStore } from './store/CheckpointStore.js'

/** Where the coordinator tells what an operator of the job should know. `console` fits. */
export interface CheckpointLogger {
  /** What is no error, and may need someone to look. */
  warn(message: string): void
}

/** The settings of a {@link CheckpointCoordinator}. Times in ms; the defaults are Flink's. */
export interface CheckpointConfig {
  /**
   * From the start of one checkpoint to the start of the next. 0 (the default): only those that are asked for, and the last one of a
   * bounded source; sinks that rest on checkpoints warn of it.
   */
  readonly interval?: number | undefined
  /** Where checkpoints are kept. One job has one store. */
  readonly store: CheckpointStore
  /** How long a checkpoint may take, storing included. Default 600,000. */
  readonly timeout?: number | undefined
  /** From the end of one checkpoint to the start of the next. The last one of a source does not wait for it. Default 0. */
  readonly minPause?: number | undefined
  /** Failures in a row that the job survives. Default 0: the first one fails it. */
  readonly tolerableFailures?: number | undefined
  /** Checkpoints on their way at a time. Default 1. */
  readonly maxConcurrent?: number | undefined
  /** Drops restored state that no part of the job asks for, instead of failing. Default false. */
  readonly allowNonRestoredState?: boolean | undefined
  /** The clock of intervals, pauses and time-outs. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike | undefined
  /** Where the job measures its checkpoints, in the group `job`: `docs/metrics.md`. Nothing is registered by default. */
  readonly metrics?: MetricGroup | undefined
  /** Default: the console. */
  readonly logger?: CheckpointLogger | undefined
}

export type ResolvedCheckpointConfig = { readonly [K in keyof CheckpointConfig]-?: NonNullable<CheckpointConfig[K]> }

/** Fills in the defaults. Throws one `Config` error with all faults. */
export const resolveCheckpointConfig = (config: CheckpointConfig): ResolvedCheckpointConfig => {
  const resolved = {
    interval: config.interval ?? 0,
    store: config.store,
    timeout: config.timeout ?? 600_000,
    minPause: config.minPause ?? 0,
    tolerableFailures: config.tolerableFailures ?? 0,
    maxConcurrent: config.maxConcurrent ?? 1,
    allowNonRestoredState: config.allowNonRestoredState ?? false,
    scheduler: config.scheduler ?? asyncScheduler,
    metrics: config.metrics ?? noMetrics,
    logger: config.logger ?? console,
  }
  const faults = [
    ...(Number.isFinite(resolved.interval) && resolved.interval >= 0
      ? []
      : ['interval must be a number of ms above 0, or 0 for no checkpoints but those asked for']),
    ...(hasMethod(resolved.store, 'begin')
      ? []
      : [
          'store is missing: new FileCheckpointStore(directory) keeps checkpoints, new MemoryCheckpointStore() does for tests',
        ]),
    ...(resolved.timeout > 0 ? [] : ['timeout must be above 0 ms']),
    ...(resolved.minPause >= 0 ? [] : ['minPause must not be below 0 ms']),
    ...(resolved.tolerableFailures >= 0 ? [] : ['tolerableFailures must not be below 0']),
    ...(resolved.maxConcurrent >= 1 ? [] : ['maxConcurrent must be at least 1']),
  ]
  if (faults.length > 0)
    throw new CheckpointError('Config', `The checkpoint settings cannot work: ${faults.join('; ')}.`)
  return resolved
}
