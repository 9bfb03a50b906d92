import { AlignmentGroup } from './AlignmentGroup.js'

const groups = new Map<string, AlignmentGroup>()

/** The group of this name in this process. It is forgotten when its last member leaves, so join it at once. */
export function alignmentGroupNamed(name: string): AlignmentGroup {
  let group = groups.get(name)
  if (group === undefined) {
    group = new AlignmentGroup(() => groups.delete(name))
    groups.set(name, group)
  }
  return group
}
