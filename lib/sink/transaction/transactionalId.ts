/** Flink's scheme: `<prefix>-<subtask>-<number>`; with INCREMENTING the number is the id of the first checkpoint that may commit it. */
export const transactionalId = (prefix: string, subtaskIndex: number, number: number): string =>
  `${prefix}-${subtaskIndex}-${number}`

/** The id that stands for a subtask's ownership of its transactional ids. No transaction is ever opened under it. */
export const ownerId = (prefix: string, subtaskIndex: number): string => `${prefix}-${subtaskIndex}-owner`
