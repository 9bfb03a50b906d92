/**
 * Loads packages that a program may lack. The only CommonJS source: `require` alone is synchronous in both builds. With its
 * names written out a bundler finds them, and within `try` it does not mind that they are missing.
 */
const optionalPackages = {
  require: (name: 'snappy' | 'lz4-napi' | '@toondepauw/node-zstd', orElse: (cause: unknown) => never): unknown => {
    try {
      switch (name) {
        case 'snappy':
          return require('snappy')
        case 'lz4-napi':
          return require('lz4-napi')
        case '@toondepauw/node-zstd':
          return require('@toondepauw/node-zstd')
      }
    } catch (cause) {
      return orElse(cause)
    }
  },
}

export = optionalPackages
