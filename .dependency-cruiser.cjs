// The rules of docs/architecture.md, checked by `make check`. Order: the flow, then one edge per library, then purity.
const only = (name, package_, home) => ({
  name: `${name}-has-one-edge`,
  comment: `${package_} is used in ${home} alone.`,
  severity: 'error',
  from: { pathNot: [home, '^test/', '\\.test\\.ts$', '^node_modules'] },
  to: { path: `node_modules/${package_}(/|$)` },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { pathNot: '^node_modules' } } },
    {
      name: 'model-imports-nothing',
      severity: 'error',
      from: { path: '^lib/model', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^lib/model' },
    },
    {
      name: 'lib-never-imports-up',
      severity: 'error',
      from: { path: '^lib', pathNot: '\\.test\\.ts$' },
      to: { path: '^(controller|services|test)/' },
    },
    {
      name: 'controller-stands-alone',
      severity: 'error',
      from: { path: '^controller', pathNot: '\\.test\\.ts$' },
      to: { path: '^(services|test)/' },
    },
    {
      name: 'services-stand-alone',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: ['\\.test\\.ts$', '^services/embedded/'] },
      to: { path: '^(services/|controller/|test/)', pathNot: '^services/$1/' },
    },
    {
      name: 'install-stands-alone',
      severity: 'error',
      from: { path: '^install/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(controller|services|test)/' },
    },
    {
      name: 'product-never-imports-tests',
      comment: 'What makes the chart is a tool, and shares Helm with its tests.',
      severity: 'error',
      from: { pathNot: ['^test/', '^charts/', '\\.test\\.ts$'] },
      to: { path: ['^test/', '\\.test\\.ts$'] },
    },
    only('amqplib', 'amqplib', '^lib/amqp\\.ts$'),
    only('client-node', '@kubernetes/client-node', '^lib/kube\\.ts$'),
    only('express', 'express', '^lib/http\\.ts$'),
    only('prom-client', 'prom-client', '^lib/metrics\\.ts$'),
    only('jsonata', 'jsonata', '^lib/expression/(engine|natives|syntax)\\.ts$'),
    only('json-schema-2020', 'ajv/dist/2020', '^lib/json-schema(/|\\.ts$)'),
    {
      name: 'pure-folders-touch-no-edge',
      severity: 'error',
      from: {
        path: '^(controller/translate|lib/model|services/[^/]+/(mediations|engine|match))/',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        path: [
          '^node:(?!crypto$)',
          '^(fs|net|http|https|dns|child_process|timers|process|os)$',
          '^lib/(run|http|ws|amqp|kube|feed-client|discovery|clock|config|log|metrics)\\.ts$',
          '^controller/(watch|publish|status)/',
        ],
        pathNot: '^controller/watch/source\\.ts$',
      },
    },
    {
      name: 'no-orphan-packages',
      severity: 'error',
      from: { pathNot: ['^test/', '\\.test\\.ts$', '^vitest'] },
      // Types alone, which are stripped before anything runs; told as an import where the package has no other face.
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/json-schema-to-ts/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
}
