/**
 * Prints what a synthesized deployment costs a month: `node --import tsx bin/cost.ts <folder of templates> <accounts>`.
 * Invariant: a wrong argument is one sentence on stderr and exit code 1.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ASSUMPTIONS } from '../lib/cost/assumptions.ts';
import { estimate, people, table, trailEvents } from '../lib/cost/estimate.ts';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { SettingError } from '../lib/settings/setting-error.ts';
import type { Json } from '../lib/inputs/template-values.ts';

const MANIFESTS = join(import.meta.dirname, '../../../crates/collectors');

function readTemplates(folder: string | undefined): Json[] {
  const fix = 'name the folder that make synth wrote, such as target/synth';
  if (folder === undefined || !existsSync(folder)) throw SettingError.wrong('the folder of templates', folder, fix);
  const files = readdirSync(folder).filter((file) => file.endsWith('.template.json'));
  if (files.length === 0) throw SettingError.wrong('the folder of templates', folder, `it holds no template; ${fix}`);
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

try {
  const [folder, accounts = ''] = process.argv.slice(2);
  if (!/^[1-9]\d{0,5}$/.test(accounts)) throw SettingError.wrong('the number of accounts', accounts, 'write a whole number of at least 1, such as 250');
  const deployment = { templates: readTemplates(folder), manifests: loadManifests(MANIFESTS), accounts: Number(accounts) };
  console.log(`${table(estimate(deployment, ASSUMPTIONS))}\n\n${people(trailEvents(deployment, ASSUMPTIONS))} management events in the trails of the watched accounts`);
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
