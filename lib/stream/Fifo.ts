/** A queue on an array, whose head moves instead of its items: `Array.shift` copies them all. */
export class Fifo<T> {
  private items: T[] = []
  private head = 0

  get first(): T | undefined {
    return this.items[this.head]
  }

  get last(): T | undefined {
    return this.head < this.items.length ? this.items[this.items.length - 1] : undefined
  }

  get length(): number {
    return this.items.length - this.head
  }

  push(item: T): void {
    this.items.push(item)
  }

  shift(): T | undefined {
    if (this.head === this.items.length) return undefined
    const item = this.items[this.head]
    // What has left must not be kept alive by its old place.
    this.items[this.head++] = undefined as T
    if (this.head === this.items.length) {
      this.items = []
      this.head = 0
    } else if (this.head >= 1024 && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }
}
