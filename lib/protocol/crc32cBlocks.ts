import { crc32cTables } from './crc32cTables.js'

/** Takes a running CRC-32C over blocks of 16 bytes; `end - start` is a multiple of 16, and not 0. */
export type Crc32cBlocks = (crc: number, bytes: Uint8Array, start: number, end: number) => number

/*
 * The loop of `crc32c` in WebAssembly, assembled here instruction by instruction, so that neither a build step nor a blob of
 * bytes is needed. The tables lie at address 0, the bytes to be summed behind them.
 *
 *   (func (param $crc i32) (param $at i32) (param $end i32) (result i32) (local $word i32) (local $sum i32)
 *     loop
 *       for each of the block's four words: $word = load($at + 4 * i), the first one xor $crc
 *         for each of its four bytes: $sum ^= table[15 - 4 * i - j][byte j]
 *       $crc = $sum
 *       $at += 16; continue while $at < $end
 *     end
 *     $crc)
 */
const [CRC, AT, END, WORD, SUM] = [0, 1, 2, 3, 4]

const unsigned = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
const signed = (value: number): number[] =>
  value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]

const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const constant = (value: number): number[] => [0x41, ...signed(value)]
const load = (offset: number): number[] => [0x28, 0, ...unsigned(offset)]
const add = 0x6a
const and = 0x71
const xor = 0x73
const shiftLeft = 0x74
const shiftRight = 0x76
const lessThan = 0x49
const loop = [0x03, 0x40]
const branchIfToLoop = [0x0d, 0]
const end = 0x0b

/** table[k][byte j of WORD], an Int32 at k * 1024 + byte * 4 */
const lookUp = (k: number, j: number): number[] => [
  ...get(WORD),
  ...(j === 0 ? [...constant(2), shiftLeft] : [...constant(8 * j - 2), shiftRight]),
  ...constant(0x3fc),
  and,
  ...load(k * 1024),
]

const sumWord = (i: number): number[] => [
  ...get(AT),
  ...load(4 * i),
  ...(i === 0 ? [...get(CRC), xor] : []),
  ...set(WORD),
  ...[0, 1, 2, 3].flatMap((j) => [
    ...lookUp(15 - 4 * i - j, j),
    ...(i + j === 0 ? [] : [...get(SUM), xor]),
    ...set(SUM),
  ]),
]

const body = [
  ...loop,
  ...[0, 1, 2, 3].flatMap(sumWord),
  ...[...get(SUM), ...set(CRC)],
  ...[...get(AT), ...constant(16), add, ...set(AT)],
  ...[...get(AT), ...get(END), lessThan, ...branchIfToLoop],
  end,
  ...get(CRC),
  end,
]

const i32 = 0x7f
const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content]
const name = (text: string): number[] => [text.length, ...Buffer.from(text)]
const withTwoLocals = [1, 2, i32, ...body]

const moduleBytes = Uint8Array.from([
  ...[0, ...Buffer.from('asm'), 1, 0, 0, 0],
  ...section(1, [1, 0x60, 3, i32, i32, i32, 1, i32]),
  ...section(2, [1, ...name('js'), ...name('memory'), 2, 0, 2]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...name('blocks'), 0, 0]),
  ...section(10, [1, ...unsigned(withTwoLocals.length), ...withTwoLocals]),
])

const PAGE_SIZE = 65_536
const bytesAt = crc32cTables.byteLength
const room = 2 * PAGE_SIZE - bytesAt

/** What is used of `WebAssembly`, whose types TypeScript has only for browsers. */
interface WebAssemblyApi {
  readonly Memory: new (pages: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: object,
  ) => {
    readonly exports: { readonly blocks: (crc: number, at: number, end: number) => number }
  }
}

const assemble = (): Crc32cBlocks | undefined => {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyApi }
  const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
  if (WebAssembly === undefined || !littleEndian) return undefined
  const memory = new WebAssembly.Memory({ initial: 2 })
  const { blocks } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes), { js: { memory } }).exports
  const all = new Uint8Array(memory.buffer)
  new Int32Array(memory.buffer).set(crc32cTables)
  return (initial, bytes, start, end) => {
    let crc = initial
    for (let from = start; from < end; from += room) {
      const length = Math.min(room, end - from)
      all.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, length), bytesAt)
      crc = blocks(crc, bytesAt, bytesAt + length)
    }
    return crc
  }
}

/** `undefined` under `--jitless`, where there is no WebAssembly, and on machines of the other byte order. */
export const crc32cBlocks: Crc32cBlocks | undefined = assemble()
