import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** House rule: no source file over 300 lines. Generated files and locks are nobody's reading. */
const MAX_LINES = 300
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.cjs', '*.py'], {
  encoding: 'utf8',
})
const tooLong = files
  .split('\n')
  .filter(Boolean)
  .map((file) => ({ file, lines: linesOf(file) }))
  .filter(({ lines }) => lines > MAX_LINES)
for (const { file, lines } of tooLong)
  process.stderr.write(`${file}: ${lines} lines, at most ${MAX_LINES}: split it by what it exports\n`)
process.exitCode = tooLong.length > 0 ? 1 : 0

function linesOf(file: string): number {
  try {
    return readFileSync(file, 'utf8').split('\n').length - 1
  } catch {
    // Deleted in the work tree, not yet in the index.
    return 0
  }
}
