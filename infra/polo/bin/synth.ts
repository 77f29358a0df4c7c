/**
 * What `make synth` and `make deploy` run: `tsx bin/synth.ts <settings file> <output folder> [--to-deploy]`.
 * Invariant: it prints the templates that it wrote; a refusal is one sentence on stderr and exit code 1.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeInto } from '../lib/output-folder.ts';
import { orOneSentence } from '../lib/refusal.ts';
import { synthesize } from '../lib/synthesis.ts';

const [settingsFile = '', out = '', option] = process.argv.slice(2);

orOneSentence(() => {
  writeInto(out, (folder) => synthesize(folder, { settingsFile, toDeploy: option === '--to-deploy' }));
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.template.json'));
  for (const file of files.sort()) console.log(join(out, file));
});
