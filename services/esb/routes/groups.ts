import type { Group } from '../mediations/plan.ts'

/** The groups of an aggregate step in the making. The un-acknowledged messages are their state: nothing else is kept. */
export interface Groups<T> {
  /** Adds a member; the group is handed to `complete` once it is full, or when its window, counted from the first, has passed. */
  readonly add: (group: Group, member: T) => void
  /** Forgets all of them; their members, whose messages are to be given to somebody else. */
  readonly clear: () => readonly T[]
  readonly size: () => number
}

interface Making<T> {
  readonly group: Group
  readonly members: T[]
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
    clear() {
      const members = [...making.values()].flatMap((each) => each.members)
      for (const { timer } of making.values()) clearTimeout(timer)
      making.clear()
      return members
    },
    size: () => making.size,
  }
}
