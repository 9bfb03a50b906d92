/** Where this library does something else than Flink, on purpose: the recorded cases that it does not follow, and why. */
export const departures: Readonly<Record<string, string>> = {
  'source-null-valueonly': 'A deserializer that is null is refused at its setter, not when the first record comes.',
  'source-topics-null': 'Topics that are null are refused at their setter, not when the job starts.',
  'source-deserializer-not-deserializer':
    'Classes of Java that properties name are not loaded; the properties have no effect.',
  'source-no-stopping-strategy': 'No stopping initializer is no initializer, so there is none to ask for a strategy.',
  'split-negative-start':
    'Splits hold resolved offsets only, there are no sentinels; offsets(...) checks what a user gives.',
  'split-negative-stop': 'Splits hold resolved offsets only, there are no sentinels.',
  'split-id': 'Splits hold resolved offsets only; the id is the same, the sentinels are not there.',
}
