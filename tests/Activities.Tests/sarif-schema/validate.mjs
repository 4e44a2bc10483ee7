// usage: node validate.mjs LOG — writes what does not hold against the schema of SARIF 2.1.0, and ends with 1 where anything does not.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const schema = JSON.parse(readFileSync(new URL('node_modules/@microsoft/sarif-multitool-linux/sarif-2.1.0.json', import.meta.url), 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
const holds = ajv.compile(schema);
if (!holds(JSON.parse(readFileSync(process.argv[2], 'utf8')))) {
  for (const error of holds.errors) {
    console.log(`${error.instancePath} ${error.message}`);
  }
  process.exit(1);
}
