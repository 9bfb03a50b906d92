/** What operators of a job throw by themselves, as often as its script has it. */
export class Mishap extends Error {
  constructor(text: string) {
    super(`No answer about ${text}.`)
  }
}
