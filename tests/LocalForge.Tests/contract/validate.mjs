// Reads recorded exchanges and webhook deliveries, one JSON object a line, and prints what in them GitHub's OpenAPI descriptions do not allow.
// Exit code: 0 when all hold, 1 when some do not.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';

const require = createRequire(import.meta.url);
const description = JSON.parse(readFileSync(require.resolve('@octokit/openapi/generated/api.github.com.json'), 'utf8'));

// Where the description contradicts itself: an installation's account here is a user and an enterprise at once (allOf),
// while the schema that the other operations share says one or the other.
description.paths['/app/installations'].get.responses['200'].content['application/json'].schema.items =
  { $ref: '#/components/schemas/installation' };

// Answers that every operation may give, whether its description lists them or not.
const alwaysAllowed = new Set(['401', '403', '404', '422', '500', '503']);

// OpenAPI 3.0 writes "or null" as nullable: true; JSON Schema has a type for it. The description's oneOfs overlap (every basic-error
// is a repository-rule-violation-error too), so they are read as anyOf.
function convert(schema) {
  if (Array.isArray(schema)) return schema.map(convert);
  if (schema === null || typeof schema !== 'object') return schema;
  const converted = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'nullable' || key === 'example' || key === 'examples' || key === 'discriminator') continue;
    converted[key === 'oneOf' ? 'anyOf' : key] = key === '$ref' ? value.replace('#/', 'github#/') : key === 'properties' ? mapValues(value) : convert(value);
  }
  return schema.nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted;
}

function mapValues(properties) {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema)]));
}

const ajv = new Ajv({ strict: false, allErrors: true, logger: false, validateSchema: false });
addFormats(ajv);
ajv.addSchema({ $id: 'github', components: { schemas: mapValues(description.components.schemas) } });

const templates = Object.entries(description.paths).map(([path, operations]) => {
  const segments = path.split('/');
  const lastOpen = /\{(path|ref|basehead|branch|tag)\}$/.test(path);
  const pattern = segments.map((segment, i) =>
    segment.startsWith('{') ? (lastOpen && i === segments.length - 1 ? '.+' : '[^/]+') : segment.replace(/[.*+?^$()|[\]\\]/g, '\\$&'));
  return { path, operations, pattern: new RegExp(`^${pattern.join('/')}$`), literals: segments.filter(s => !s.startsWith('{')).length };
}).sort((a, b) => b.literals - a.literals);

function find(method, path) {
  return templates.find(template => template.pattern.test(path) && template.operations[method])?.operations[method];
}

function resolve(node) {
  return node?.$ref ? node.$ref.slice(2).split('/').reduce((at, key) => at[key], description) : node;
}

const compiled = new Map();
function check(schema, value) {
  let validate = compiled.get(schema);
  if (!validate) compiled.set(schema, validate = ajv.compile(convert(schema)));
  return validate(value) ? [] : validate.errors.map(error => `${error.instancePath || '/'} ${error.message}`);
}

let failures = 0;
function report(exchange, problem) {
  failures++;
  console.log(`${exchange.method} ${exchange.path} ${exchange.status}: ${problem}`);
}

// The description of webhooks is OpenAPI 3.1, whose schemas are JSON Schema already, and has schemas of the same names as the other one.
let webhooks;
function checkDelivery(delivery) {
  const name = `${delivery.event}-${delivery.payload.action}`.replaceAll('_', '-');
  if (!webhooks) {
    webhooks = JSON.parse(readFileSync(require.resolve('@octokit/openapi-webhooks/generated/api.github.com.json'), 'utf8'));
    ajv.addSchema({ $id: 'webhooks', components: { schemas: ofWebhooks(webhooks.components.schemas) } });
  }

  const operation = webhooks.webhooks[name]?.post;
  if (!operation) return ['is no delivery of GitHub'];
  const validate = ajv.compile(ofWebhooks(operation.requestBody.content['application/json'].schema));
  return validate(delivery.payload) ? [] : validate.errors.map(error => `${error.instancePath || '/'} ${error.message}`);
}

function ofWebhooks(schema) {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"webhooks#/').replaceAll('"oneOf":', '"anyOf":'));
}

const lines = readFileSync(process.argv[2], 'utf8').split('\n').filter(line => line.length > 0);
for (const exchange of lines.map(line => JSON.parse(line))) {
  if (exchange.event) {
    checkDelivery(exchange).forEach(problem => report({ method: exchange.event, path: exchange.payload.action, status: '' }, problem));
    continue;
  }

  const operation = find(exchange.method.toLowerCase(), exchange.path);
  if (!operation) {
    report(exchange, 'is no operation of GitHub');
    continue;
  }

  const success = exchange.status < 400;
  const bodySchema = resolve(operation.requestBody)?.content?.['application/json']?.schema;
  if (success && exchange.request !== null && bodySchema) {
    check(bodySchema, exchange.request).forEach(problem => report(exchange, `request ${problem}`));
  }

  const declared = resolve(operation.responses[String(exchange.status)]);
  if (!declared) {
    if (success || !alwaysAllowed.has(String(exchange.status))) report(exchange, 'is no status of this operation');
    continue;
  }

  const schema = declared.content?.['application/json']?.schema;
  if (schema) {
    check(schema, exchange.response).forEach(problem => report(exchange, `response ${problem}`));
  } else if (declared.content === undefined && exchange.response !== null && success && exchange.status === 204) {
    report(exchange, 'has a body that it should not have');
  }
}

console.log(`${lines.length} exchanges and deliveries checked, ${failures} problems`);
process.exit(failures === 0 ? 0 : 1);
