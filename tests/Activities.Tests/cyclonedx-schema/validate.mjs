// usage: node validate.mjs DOCUMENT — writes what does not hold against the schema of CycloneDX 1.6, and ends with 1 where anything does not.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import addMoreFormats from 'ajv-formats-draft2019';

const read = name => JSON.parse(readFileSync(new URL(`node_modules/@cyclonedx/cyclonedx-library/res/schema/${name}.SNAPSHOT.schema.json`, import.meta.url), 'utf8'));
const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
addMoreFormats(ajv);
for (const name of ['spdx', 'jsf-0.82']) {
  ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
}
const holds = ajv.compile(read('bom-1.6'));
if (!holds(JSON.parse(readFileSync(process.argv[2], 'utf8')))) {
  for (const error of holds.errors) {
    console.log(`${error.instancePath} ${error.message}`);
  }
  process.exit(1);
}
