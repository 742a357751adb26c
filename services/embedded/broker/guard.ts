import { spawn } from 'node:child_process'

/**
 * Runs a shell script when this process ends in a way that leaves no time for a stop (SIGKILL, a crash): a shell of its own
 * session waits for the end of a pipe that only this process holds. Returns how to call it off.
 */
export function whenWeDie(script: string, args: readonly string[]): () => void {
  // `read` is built in: the shell is one process, and nothing of it is left once it is killed.
  const guard = spawn('sh', ['-c', `read -r _; ${script}`, 'guard', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  // It may be killed under our hands; its pipe then breaks, which is no fault of ours.
  guard.stdin.on('error', () => {})
  guard.on('error', () => {})
  return () => void guard.kill('SIGKILL')
}

/** Ends process groups: politely, then after 10 s by force. `-s` and `--` are what every shell understands before a group. */
export const END_GROUPS = `
for g in "$@"; do kill -s TERM -- "-$g"; done
n=0
while [ $n -lt 100 ]; do
  alive=
  for g in "$@"; do kill -s 0 -- "-$g" && alive=1; done
  [ -z "$alive" ] && exit 0
  sleep 0.1
  n=$((n + 1))
done
for g in "$@"; do kill -s KILL -- "-$g"; done`
