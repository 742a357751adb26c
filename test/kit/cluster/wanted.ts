import { tell } from '../progress.ts'
import { clusterMissing } from './missing.ts'

// For `make test`: prints the flags that take the e2e tests in where there can be a cluster, or says why there cannot.
const why = clusterMissing()
if (why === undefined) process.stdout.write('--project e2e\n')
else tell(why)
