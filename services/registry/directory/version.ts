import semver from 'semver'

/** Tests versions for what was asked for: the same text, or a version (`1.4` counts as 1.4.0) within a semver range. */
export function versionTest(asked: string): (version: string | undefined) => boolean {
  const range = rangeIn(asked)
  return (version) => {
    if (version === undefined) return false
    if (version === asked) return true
    const parsed = range === undefined ? null : (semver.parse(version) ?? semver.coerce(version))
    return parsed !== null && range?.test(parsed) === true
  }
}

// Ranges without end take long to read, and nobody needs them.
const MAX_LENGTH = 256

function rangeIn(asked: string): semver.Range | undefined {
  if (asked.length > MAX_LENGTH) return undefined
  try {
    return new semver.Range(asked)
  } catch {
    // A name such as `blue`: only the same text is meant.
    return undefined
  }
}
