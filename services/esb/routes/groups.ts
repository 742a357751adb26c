import type { Group } from '../mediations/plan.ts'

/** The groups of an aggregate step in the making. The un-acknowledged messages are their state: nothing else is kept. */
export interface Groups<T> {
  /** Adds a member; the group is handed to `complete` once it is full, or when its window, counted from the first, has passed. */
  readonly add: (group: Group, member: T) => void
  /** Takes the members of which this is so out of their groups, and gives them; a group without members is none. */
  readonly take: (isWanted: (member: T) => boolean) => readonly T[]
  readonly size: () => number
}

interface Making<T> {
  readonly group: Group
  members: T[]
  readonly timer: NodeJS.Timeout
}

export function createGroups<T>(complete: (group: Group, members: readonly T[]) => void): Groups<T> {
  const making = new Map<string, Making<T>>()

  function close(key: string): void {
    const found = making.get(key)
    if (found === undefined) return
    making.delete(key)
    clearTimeout(found.timer)
    complete(found.group, found.members)
  }

  return {
    add(group, member) {
      const key = `${group.step}\0${group.correlation}`
      const found = making.get(key) ?? {
        ...{ group, members: [] },
        timer: setTimeout(() => close(key), group.windowMs),
      }
      making.set(key, found)
      found.members.push(member)
      if (found.members.length >= group.size) close(key)
    },
    take(isWanted) {
      const taken: T[] = []
      for (const [key, each] of making) {
        taken.push(...each.members.filter(isWanted))
        each.members = each.members.filter((member) => !isWanted(member))
        if (each.members.length > 0) continue
        clearTimeout(each.timer)
        making.delete(key)
      }
      return taken
    },
    size: () => making.size,
  }
}
