/** A part of the job that runs as one: a source, or all states behind its barriers, of one subtask. */
export interface SubtaskKey {
  readonly uid: string
  readonly subtaskIndex: number
}

export const keyOf = ({ uid, subtaskIndex }: SubtaskKey): string => `${subtaskIndex}:${uid}`

/** For messages about a source. */
export const nameOf = ({ uid, subtaskIndex }: SubtaskKey): string => `the source "${uid}" (subtask ${subtaskIndex})`
