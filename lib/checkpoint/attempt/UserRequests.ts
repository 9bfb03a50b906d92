import type { Observable } from 'rxjs'
import type { EndOfStream } from '../../stream/CheckpointBarrier.js'
import { CheckpointError } from '../CheckpointError.js'
import { CheckpointTicket } from './CheckpointTicket.js'
import type { CompletedCheckpoint } from '../CompletedCheckpoint.js'

/** What the user has asked of an attempt, and is owed an answer for: a checkpoint, the end of the job. */
export class UserRequests {
  private checkpoint: CheckpointTicket | undefined
  private stop: { readonly end: EndOfStream; readonly ticket: CheckpointTicket } | undefined

  /** Somebody waits for a checkpoint that has not started. */
  get waiting(): boolean {
    return this.checkpoint !== undefined
  }

  /** How the job is to stop. */
  get end(): EndOfStream | undefined {
    return this.stop?.end
  }

  /** All who ask before the next one starts get the same. */
  askCheckpoint(closed: boolean): Observable<CompletedCheckpoint> {
    if (closed || this.stop !== undefined)
      return refused(new CheckpointError('Stopping', 'No checkpoint is taken: the job is ending.'))
    this.checkpoint ??= new CheckpointTicket()
    return this.checkpoint.result$
  }

  askStop(closed: boolean, drain: boolean): Observable<CompletedCheckpoint> {
    const end = drain ? 'drain' : 'suspend'
    if (this.stop === undefined && closed)
      return refused(new CheckpointError('NotRunning', 'Nothing was stopped: the job has ended.'))
    this.stop ??= { end, ticket: new CheckpointTicket() }
    if (this.stop.end === end) return this.stop.ticket.result$
    return refused(
      new CheckpointError('Stopping', `The job is being stopped already, in the other way (${this.stop.end}).`),
    )
  }

  /** The checkpoint that starts now answers those who wait. */
  takeCheckpoint(): CheckpointTicket | undefined {
    const ticket = this.checkpoint
    this.checkpoint = undefined
    return ticket
  }

  stopped(checkpoint: CompletedCheckpoint): void {
    this.stop?.ticket.resolve(checkpoint)
  }

  reject(error: Error): void {
    this.takeCheckpoint()?.reject(error)
    this.stop?.ticket.reject(error)
  }
}

const refused = (error: CheckpointError): Observable<CompletedCheckpoint> => CheckpointTicket.rejected(error).result$
