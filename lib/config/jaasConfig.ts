/** A login as `sasl.jaas.config` writes it: `…PlainLoginModule required username="u" password="p";`. */
export interface JaasConfig {
  /** the class's simple name, e.g. `ScramLoginModule` */
  readonly module: string
  readonly options: Readonly<Record<string, string>>
}

/** Undefined when the text has another form; the caller must not quote it, since it holds a password. */
export const parseJaasConfig = (text: string): JaasConfig | undefined => {
  const [, module, rest] = /^\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b([^]*?);\s*$/i.exec(text) ?? []
  if (module === undefined || rest === undefined) return undefined
  const options: Record<string, string> = {}
  const option = /\s*([\w.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"';]+))/y
  while (option.lastIndex < rest.trimEnd().length) {
    const [, key, double, single, bare] = option.exec(rest) ?? []
    if (key === undefined) return undefined
    options[key] = (double ?? single ?? bare ?? '').replace(/\\(.)/g, '$1')
  }
  return { module: module.slice(module.lastIndexOf('.') + 1), options }
}
