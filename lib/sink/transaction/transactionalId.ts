/** Flink's scheme: `<prefix>-<subtask>-<offset>`; with INCREMENTING the offset is the id of the checkpoint that will commit it. */
export const transactionalId = (prefix: string, subtaskIndex: number, offset: number): string =>
  `${prefix}-${subtaskIndex}-${offset}`
