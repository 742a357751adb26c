import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tool } from './kubectl.ts'

/** The chart's folder. */
export const CHART = join(import.meta.dirname, '../../charts/soaplane')

export type Helmed =
  | { readonly ok: true; readonly output: string }
  /** What helm complained of. */
  | { readonly ok: false; readonly message: string }

/** Runs helm; a refusal is an answer. */
export async function helm(args: readonly string[], { kubeconfig = '' } = {}): Promise<Helmed> {
  try {
    const { stdout } = await promisify(execFile)(tool('helm'), [...args], {
      maxBuffer: 64 * 1024 * 1024,
      timeout: 300_000,
      // Without one helm would look at the user's own.
      env: { ...process.env, KUBECONFIG: kubeconfig },
    })
    return { ok: true, output: stdout }
  } catch (error) {
    const { stderr, stdout } = error as { readonly stderr?: string; readonly stdout?: string }
    if (stderr === undefined) throw error
    return { ok: false, message: `${stderr}${stdout}`.trim() }
  }
}

/** Where and how a rendering is made; values as in `--values`. */
export interface Rendering {
  readonly namespace?: string
  readonly values?: string
  readonly flags?: readonly string[]
}

/** The chart's manifests for release `soaplane`, as text; throws what helm complained of. */
export async function rendered({ namespace = 'soaplane-system', values, flags = [] }: Rendering = {}): Promise<string> {
  const file = values === undefined ? [] : ['--values', values]
  const outcome = await helm(['template', 'soaplane', CHART, '--namespace', namespace, ...file, ...flags])
  if (!outcome.ok) throw new Error(outcome.message)
  return outcome.output
}
