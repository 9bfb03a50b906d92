/**
 * Who may import whom in lib (DESIGN.md, file map). Level by level, from what changes rarely to what changes often; an
 * arrow points to something steadier. Types count as much as values. Counters (`lib/metrics`), what errors have in common
 * (`lib/errors`), checks of what callers give (`lib/checks`) and what schedulers are used with (`lib/scheduling`) may be used
 * anywhere.
 */
const arrows = {
  client: {
    to: ['sasl'],
    because:
      "Kafka's vocabulary and the port stand alone, so that adapters and pipelines can change without each other.",
  },
  stream: { to: [], because: 'The elements and operators know no Kafka: their rules are proved on Observables alone.' },
  checks: { to: [], because: 'What callers give is checked, and named in messages, in every folder alike.' },
  scheduling: {
    to: [],
    because:
      'How work is put in order and timed on a scheduler is the same everywhere, and knows nothing of what the work is.',
  },
  metrics: { to: [], because: 'Whoever counts must not drag in what is counted.' },
  errors: { to: [], because: 'Every folder has an error class of its own; what these share knows none of them.' },
  sasl: {
    to: [],
    because: 'How a login is made is the same over any connection: it knows neither sockets nor requests.',
  },
  protocol: {
    to: ['client'],
    because: 'Bytes to records and back is pure: tested by bytes, without sockets or clocks.',
  },
  config: {
    to: ['client', 'sasl'],
    because: "Kafka's properties become the port's configuration, whichever adapter reads it.",
  },
  standstill: {
    to: ['client'],
    because:
      'When something that does not move is told is the same rule for a broker, a source and a sink: it knows none of them.',
  },
  memory: {
    to: ['client', 'standstill', 'protocol', 'cluster'],
    because: 'Brokers in memory are below the port that the client has: it is the one that users run.',
  },
  eventtime: { to: ['stream'], because: 'Watermarks follow from the elements alone.' },
  keyed: {
    to: ['stream', 'eventtime', 'checkpoint'],
    because: 'State by key, and windows, are in event time and in the one versioned form of state there is. No Kafka.',
  },
  checkpoint: { to: ['stream'], because: 'Checkpoints serve any source and sink; they know no Kafka.' },
  cluster: {
    to: ['client', 'protocol', 'standstill'],
    because: 'The client of a cluster is above the port of its brokers: the same over sockets and in memory.',
  },
  kafkajs: {
    to: ['client', 'protocol', 'standstill', 'cluster', 'sasl'],
    because: 'The adapter turns requests into bytes on sockets, and knows no pipeline.',
  },
  testing: {
    to: ['client', 'memory', 'stream', 'eventtime', 'checkpoint'],
    because: 'The public test kit must not need a broker or its client.',
  },
  conformance: {
    to: ['client', 'checkpoint'],
    because: 'What an adapter must do is said of its port alone, so that it holds for any of them.',
  },
  source: {
    to: [
      'client',
      'stream',
      'protocol',
      'config',
      'memory',
      'eventtime',
      'checkpoint',
      'standstill',
      'defaultClient.ts',
    ],
    because: 'The source speaks through ports; which client is the default only lib/defaultClient.ts knows.',
  },
  sink: {
    to: [
      'client',
      'stream',
      'protocol',
      'config',
      'memory',
      'eventtime',
      'checkpoint',
      'standstill',
      'defaultClient.ts',
    ],
    because: 'The sink speaks through ports; which client is the default only lib/defaultClient.ts knows.',
  },
}

/** Never a folder itself, nor what may be used anywhere. */
const others = (folder, to) =>
  [folder, 'metrics', 'errors', 'checks', 'scheduling', ...to]
    .map((name) => (name.includes('.') ? name : `${name}/`))
    .join('|')

module.exports = {
  forbidden: [
    ...Object.entries(arrows).map(([folder, { to, because }]) => ({
      name: `arrows-of-${folder}`,
      comment: because,
      severity: 'error',
      from: { path: `^lib/${folder}/` },
      to: { path: '^lib/', pathNot: `^lib/(${others(folder, to)})` },
    })),
    {
      name: 'arrows-of-defaultClient',
      comment: 'It says which adapter is the default, and nothing else.',
      severity: 'error',
      from: { path: '^lib/defaultClient\\.ts$' },
      to: { path: '^lib/', pathNot: '^lib/(client|kafkajs)/' },
    },
    {
      name: 'known-folders',
      comment: 'A folder without a line in `arrows` is one whose place nobody has thought about.',
      severity: 'error',
      from: { path: '^lib/', pathNot: `^lib/((${Object.keys(arrows).join('|')})/|index\\.ts$|defaultClient\\.ts$)` },
      to: {},
    },
    {
      name: 'kafkajs-in-its-folder',
      comment: 'kafkajs is an adapter: an import of it elsewhere would make it the architecture.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/kafkajs/' },
      to: { path: 'node_modules/kafkajs/' },
    },
    {
      name: 'kafkajs-internals-in-one-file',
      comment: "kafkajs's sources are no API: what we use of them is listed, typed and guarded in one file.",
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/kafkajs/internals\\.ts$' },
      to: { path: 'node_modules/kafkajs/src/' },
    },
    {
      name: 'pure-protocol',
      comment:
        'The protocol has no clock and no socket: zlib is all of Node it needs, and codecs are the only packages, loaded by ' +
        'the one file that may find them missing.',
      severity: 'error',
      from: { path: '^lib/protocol/', pathNot: '^lib/protocol/codecs/optionalPackages\\.cts$' },
      to: { dependencyTypes: ['core', 'npm', 'npm-peer'], pathNot: '^(node:)?(zlib|buffer)$' },
    },
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other at run time are one file, or lack a third. Types may: an interface carries its ' +
        'factories (`OffsetsInitializer.earliest()`, `KafkaSink.builder()`), and those name the interface.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere fails only when it is run.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'lib-stands-alone',
      comment: 'The package ships lib only, and only with what it names as dependencies.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(spec|samples|bench)/' },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'A dev dependency is not there where the package is installed.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['npm', 'npm-peer', 'type-only'] },
    },
  ],
  options: {
    // Types too: a type of another folder is knowledge of it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
