// Judges samples with ajv. Arguments: the export's folder, a file of samples. A sample is one line of JSON:
// {"schema": "2207A.in.local" | "openapi.local#/components/schemas/2207A.in", "body": …}. Prints one line a sample:
// two characters, 1 for accepted and 0 for refused, first without and then with the keywords of the export.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";

const [folder, samples] = process.argv.slice(2);
const { default: addKeywords } = await import(pathToFileURL(path.join(folder, "ajv-keywords.mjs")));
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf-8"));
const options = { strict: false, allErrors: false, validateFormats: false, logger: false };
const validators = [new Ajv2020(options), addKeywords(new Ajv2020(options))];
for (const variant of ["local", "remote"]) {
  const document = read(`openapi.${variant}.json`);
  for (const ajv of validators) ajv.addSchema({ components: document.components }, `openapi.${variant}`);
}

const compiled = new Map();
function judges(name) {
  if (!compiled.has(name)) {
    const schema = name.includes("#") ? { $ref: name } : read(`schemas/${name}.json`);
    compiled.set(name, validators.map((ajv) => ajv.compile(schema)));
  }
  return compiled.get(name);
}

const out = [];
for await (const line of readline.createInterface({ input: fs.createReadStream(samples) })) {
  const { schema, body } = JSON.parse(line);
  out.push(judges(schema).map((judge) => (judge(body) ? "1" : "0")).join(""));
}
fs.writeFileSync(1, out.join("\n") + "\n");
