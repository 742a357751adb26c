import type { Reporter, TestModule } from 'vitest/node'

/** Names what passed at another try only, and ends a run with one plain line, `N passed, N failed, N skipped`, that any CI can read. */
export default class PlainTotals implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        count[test.result().state] += 1
        if (test.diagnostic()?.flaky)
          process.stdout.write(`passed at another try: ${module.moduleId} > ${test.fullName}\n`)
      }
      // A file that could not even be read has no tests to fail.
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) count.failed += 1
    }
    process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`)
  }
}
